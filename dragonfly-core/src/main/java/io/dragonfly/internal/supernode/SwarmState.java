package io.dragonfly.internal.supernode;

import io.dragonfly.control.AdminApi;
import io.dragonfly.control.Caller;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.TaskReport;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.preheat.PushedFile;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who takes part in what: peers, tasks, and the scheduler, which learns of every change here and
 * nowhere else. {@link Swarms}' lock guards it; it has no thread, no time of its own and no I/O.
 */
final class SwarmState {
  private final Scheduler scheduler;
  private final int backToSourcePeers;
  private final Budgets budgets;
  private final PeerId cdn;
  private final Reports reports;
  private final Map<TaskId, SwarmTask> tasks = new HashMap<>();
  private final Map<PeerId, Session> sessions = new HashMap<>();

  /** Peers for which there is something new, assignments aside. */
  private final Set<Session> awake = new LinkedHashSet<>();

  /** Tasks that have just lost the last who wanted them, or took part at all. */
  private final Set<SwarmTask> abandoned = new LinkedHashSet<>();

  private final PeerReputation reputation = new PeerReputation();
  private final Isolations isolations;
  private final Revocations revocations;
  private int wanting;
  private boolean closed;

  /** When the report came that is being taken in. */
  private long reportedNanos;

  /** Hears, under the lock, of what follows from complaints. */
  interface Isolations {
    /** Nobody is to take from a peer for a while. */
    void isolated(Session accused, AdminApi.Isolation isolation);

    /** A peer's own complaints are not believed from now on. */
    default void doubted(Session reporter) {}
  }

  SwarmState(
      Scheduler scheduler,
      int backToSourcePeers,
      PeerId cdn,
      Budgets budgets,
      Revocations revocations,
      Isolations isolations) {
    this.revocations = revocations;
    this.isolations = isolations;
    this.budgets = budgets;
    this.scheduler = scheduler;
    this.backToSourcePeers = backToSourcePeers;
    this.cdn = cdn;
    this.reports = new Reports(scheduler, cdn, new Judge());
  }

  @Nullable SwarmTask task(TaskId id) {
    return tasks.get(id);
  }

  List<SwarmTask> tasks() {
    return List.copyOf(tasks.values());
  }

  @Nullable Session session(PeerId id) {
    return sessions.get(id);
  }

  List<Session> sessions() {
    return List.copyOf(sessions.values());
  }

  /** Tells whether any peer wants anything. */
  boolean isAnyoneWanting() {
    return wanting > 0;
  }

  /** Returns the peers for which there is something new, assignments aside, and forgets them. */
  List<Session> takeAwake() {
    List<Session> taken = List.copyOf(awake);
    awake.clear();
    return taken;
  }

  /** Returns the tasks that have just been abandoned, and forgets them. */
  List<SwarmTask> takeAbandoned() {
    List<SwarmTask> taken = List.copyOf(abandoned);
    abandoned.clear();
    return taken;
  }

  /** Nobody is let in any more. */
  void close() {
    closed = true;
  }

  /**
   * Returns the caller's session, which is begun if there is none.
   *
   * @param place where it calls from
   * @throws io.dragonfly.error.BusyException if there is no room for another peer
   */
  Session heard(Caller caller, HostKey place, long nanos) {
    if (closed) {
      throw new SupernodeUnreachableException("The supernode is stopping. Ask another.");
    }
    Session session = sessions.get(caller.id());
    if (session == null) {
      Budgets.take(budgets.peers, place, 1, "peers");
      session = new Session(caller, place);
      try {
        names(session, caller.zone());
      } catch (RuntimeException e) {
        budgets.peers.giveBack(place, 1);
        throw e;
      }
      session.isIsolated = reputation.isIsolated(caller.id()); // to come back does not help
      sessions.put(caller.id(), session);
      reputation.came(session);
    } else {
      names(session, caller.zone());
    }
    session.heard(caller, nanos);
    calledFrom(session, place);
    return session;
  }

  /** A peer stays where it was when it came, but what calls from the other place is known, too. */
  private void calledFrom(Session session, HostKey place) {
    if (!place.equals(session.place()) && !place.equals(session.elsewhere)) {
      leaveElsewhere(session);
      session.elsewhere = place;
      Budgets.take(budgets.elsewhere, place, 1, "peers");
    }
  }

  private void leaveElsewhere(Session session) {
    if (session.elsewhere != null) {
      budgets.elsewhere.giveBack(session.elsewhere, 1);
      session.elsewhere = null;
    }
  }

  /** A peer counts for each zone that it ever named: the scheduler may know it by any. */
  private void names(Session session, String zone) {
    if (!zone.isEmpty() && !session.zones.contains(zone)) {
      budgets.zones.take(session.place(), zone, zone, 1);
      session.zones.add(zone);
    }
  }

  /** Returns what the peers of each place use. */
  Budgets budgets() {
    return budgets;
  }

  /** Returns the task, which is begun if there is none; its future says when it has started. */
  SwarmTask begin(Task task) {
    return tasks.computeIfAbsent(task.id(), id -> new SwarmTask(task));
  }

  /** The CDN cache is ready for a task. */
  void started(
      SwarmTask task, Task now, Map<Integer, Digest> digests, BitSet pieces, Peer cdnPeer) {
    task.learned(now);
    digests.forEach(task.digests::add);
    task.cdnPieces.or(pieces);
    task.isStarted = true;
    scheduler.taskAdded(task.id(), now.layout(), cdnPeer);
    reports.published(task, 0, task.digests.published());
    abandoned.add(task);
  }

  /** A peer registers: it may take from now on. Returns its part in the task. */
  Member join(Session session, SwarmTask task, RegisterRequest request, Permission permission) {
    Member member = registered(session, task, permission);
    member.digestsKnown = Math.min(task.digests.published(), SupernodeSettings.MOST_DIGESTS);
    member.lengthTold = task.isLengthKnown();
    member.isNamed = false;
    want(member, request.range().map(task.task().layout()::span).orElse(PieceSpan.ALL));
    tellScheduler(member, holding(task, request));
    return member;
  }

  private Member registered(Session session, SwarmTask task, Permission permission) {
    HostKey place = session.place();
    Optional<Access> kept = permission.access().map(own -> budgets.accesses.keep(place, own));
    try {
      budgets.tasks.take(place, task.id(), task.id(), 1);
    } catch (RuntimeException e) {
      kept.ifPresent(own -> budgets.accesses.letGo(place, own));
      throw e;
    }
    try {
      Member member = enter(session, task);
      letGo(member); // it counts once
      member.permitted(new Permission(kept, permission.until(), permission.byTicket()));
      return member;
    } catch (RuntimeException e) {
      letGo(place, task, kept);
      throw e;
    }
  }

  private void letGo(Member member) {
    member
        .permission()
        .ifPresent(before -> letGo(member.session.place(), member.task, before.access()));
  }

  private void letGo(HostKey place, SwarmTask task, Optional<Access> access) {
    budgets.tasks.giveBack(place, task.id());
    access.ifPresent(own -> budgets.accesses.letGo(place, own));
  }

  /** Tells a peer to fetch a file, if it does such things; returns whether it does. */
  boolean preheat(Session session, PushedFile file) {
    boolean takes =
        session.acceptsPreheats
            && session.preheats.size() < SupernodeSettings.MOST_PREHEATS_WAITING;
    if (takes) {
      session.preheats.addLast(file);
      awake.add(session);
    }
    return takes;
  }

  /** A peer offers what it holds. It may not take. */
  void announce(Session session, SwarmTask task, BitSet pieces) {
    Optional<Member> before = task.member(session.id());
    if (before.isPresent() && before.get().permission().isPresent()) {
      reports.holdings(before.get(), pieces).stream()
          .forEach(piece -> scheduler.pieceAdded(task.id(), session.id(), piece));
    } else {
      tellScheduler(enter(session, task), pieces);
    }
  }

  private Member enter(Session session, SwarmTask task) {
    session.failures.remove(task.id());
    session.heldFailures.remove(task.id());
    Member member = session.members.get(task.id());
    if (member == null) {
      Budgets.take(budgets.memberships, session.place(), 1, "parts in tasks");
      member = new Member(session, task);
      session.members.put(task.id(), member);
      task.add(member);
    }
    member.parents.forget();
    return member;
  }

  private void tellScheduler(Member member, BitSet pieces) {
    reports.holdings(member, pieces);
    member.announce(PieceSpan.NONE);
    seat(member);
  }

  /** Tells the scheduler of a member; nobody can reach one that is isolated. */
  private void seat(Member member) {
    Peer peer = member.session.peer();
    if (member.session.isIsolated) {
      InetAddress ip = peer.address().getAddress();
      peer = new Peer(peer.id(), new InetSocketAddress(ip, 0), peer.zone());
    }
    scheduler.peerJoined(member.task.id(), peer, (BitSet) member.has.clone(), member.announced());
  }

  private void judged(Session session) {
    session.isIsolated = reputation.isIsolated(session.id());
    session.members.values().stream().filter(m -> m.task.isStarted).forEach(this::seat);
  }

  /** What peers say of each other, and what follows from it. */
  private final class Judge implements Reports.Complaints {
    @Override
    public void took(Member member, PeerId provider) {
      member.session.tookFrom(provider, reportedNanos);
      reputation.thank(member.id(), provider);
    }

    /** Heard is who was told to take from the other one; who it was is known by that. */
    @Override
    public void failed(Member member, PieceResult result) {
      Session accused = sessions.get(result.parent());
      if (accused == null || accused == member.session || member.parents.number(accused.id()) < 0) {
        return;
      }
      if (result.outcome() == Outcome.REFUSED && revocations.isConcerned(member.id())) {
        return; // what it has shown may have been revoked
      }
      if (result.outcome() == Outcome.UNREACHABLE
          && !member.session.addresses().reach(accused.address())) {
        return; // it has IPv4 alone and the other one IPv6, or the reverse
      }
      if (result.outcome() == Outcome.DIGEST_MISMATCH) {
        haveVerified(accused, member.task, result.piece());
      }
      boolean wasDoubted = reputation.isDoubted(member.id());
      boolean isIsolated =
          reputation.accuse(
              member.session,
              accused,
              member.task.id(),
              result,
              member.session.providers(reportedNanos, PeerReputation.MEMORY),
              reportedNanos);
      if (!wasDoubted && reputation.isDoubted(member.id())) {
        isolations.doubted(member.session);
      }
      if (isIsolated) {
        judged(accused);
        accused.members.values().forEach(m -> revocations.revoke(m, sessions::get));
        accused.members.values().forEach(m -> m.parents.forget());
        reputation
            .isolation(accused.id(), reportedNanos)
            .ifPresent(isolation -> isolations.isolated(accused, isolation));
      }
    }

    /** The accused is told to read the piece again: it may know nothing of its damage. */
    private void haveVerified(Session accused, SwarmTask task, int piece) {
      Member holder = accused.members.get(task.id());
      if (holder != null && holder.toVerify.size() < SupernodeSettings.MOST_TO_VERIFY) {
        holder.toVerify.add(piece);
        accused.news.add(holder);
        awake.add(accused);
      }
    }

    @Override
    public void withdrew(Member member, int piece) {
      if (reputation.withdrawn(member.id(), member.task.id(), piece, reportedNanos)) {
        judged(member.session);
      }
    }
  }

  /** Lets those give again whose isolation ends now. */
  void tick(long nanos) {
    for (PeerId peer : reputation.ended(nanos)) {
      Session session = sessions.get(peer);
      if (session != null) {
        judged(session);
      }
    }
    scheduler.tick();
  }

  /** Returns what others' complaints of a peer have come to, if they have to anything. */
  Optional<AdminApi.Isolation> isolation(PeerId peer, long nanos) {
    return reputation.isolation(peer, nanos);
  }

  private static BitSet holding(SwarmTask task, RegisterRequest request) {
    return request.holdings().stream()
        .filter(holding -> holding.task().equals(task.id()))
        .map(holding -> holding.pieces())
        .findFirst()
        .orElseGet(BitSet::new);
  }

  /** Takes in a report. Returns pieces that the CDN cache should look at. */
  Set<Integer> report(Member member, TaskReport report, long nanos) {
    reportedNanos = nanos;
    member.isNamed = true;
    Set<Integer> suspects = reports.apply(member, report);
    want(member, report.wanted());
    member
        .toAnnounce()
        .ifPresent(span -> scheduler.wantedChanged(member.task.id(), member.id(), span));
    return suspects;
  }

  /** A member may not take any more, but gives on what it has. */
  void permissionEnded(Member member) {
    letGo(member);
    member.permissionEnded();
    want(member, PieceSpan.NONE);
    member
        .toAnnounce()
        .ifPresent(span -> scheduler.wantedChanged(member.task.id(), member.id(), span));
  }

  /** A member's part in a task ends, and it is told why. */
  void refuse(Member member, DistributionException failure) {
    Session session = member.session;
    leave(member);
    (member.isNamed ? session.failures : session.heldFailures).put(member.task.id(), failure);
    awake.add(session);
  }

  private void want(Member member, PieceSpan span) {
    boolean before = member.isWanting();
    member.want(span);
    if (before != member.isWanting()) {
      if (before) {
        member.session.wanting.remove(member);
      } else {
        member.session.wanting.add(member);
      }
      int change = before ? -1 : 1;
      wanting += change;
      member.task.wanting += change;
      member.adviceTold = false;
      // A peer that was pushed has no credentials: it would take the place of one that has.
      boolean wouldRead = !before && member.access().isPresent();
      member.task.mayRead(member, wouldRead, backToSourcePeers).ifPresent(this::mayReadNow);
      if (member.task.wanting == 0) {
        abandoned.add(member.task);
      }
    }
  }

  private void mayReadNow(Member heir) {
    heir.adviceTold = false;
    heir.session.news.add(heir);
    awake.add(heir.session);
  }

  /** A peer gives up a task. */
  void leave(Member member) {
    SwarmTask task = member.task;
    scheduler.peerLeft(task.id(), member.id());
    revocations.revoke(member, sessions::get);
    forget(member);
    task.remove(member);
    if (task.members().isEmpty()) {
      abandoned.add(task);
    }
  }

  private void forget(Member member) {
    want(member, PieceSpan.NONE);
    Session session = member.session;
    session.news.remove(member);
    if (session.members.remove(member.task.id(), member)) {
      budgets.memberships.giveBack(session.place(), 1);
      letGo(member);
    }
  }

  /** A peer is gone. */
  void leave(Session session) {
    List.copyOf(session.members.values()).forEach(this::leave);
    if (sessions.remove(session.id(), session)) {
      budgets.peers.giveBack(session.place(), 1);
      reputation.left(session);
      leaveElsewhere(session);
      session.zones.forEach(zone -> budgets.zones.giveBack(session.place(), zone));
    }
    awake.remove(session);
  }

  /** The CDN cache has one more piece. */
  void sealed(SwarmTask task, Task now, int piece, Digest digest) {
    learn(task, now);
    int before = task.digests.published();
    task.cdnPieces.set(piece);
    task.digests.add(piece, digest);
    if (task.isStarted) {
      reports.published(task, before, task.digests.published());
      if (piece < before) {
        scheduler.pieceAdded(task.id(), cdn, piece); // it was lost, and has been read again
      }
    }
  }

  /** The CDN cache has a piece no longer. */
  void lost(SwarmTask task, int piece) {
    task.cdnPieces.clear(piece);
    if (task.isStarted) {
      scheduler.pieceLost(task.id(), cdn, piece);
    }
  }

  /** The source fails time and again: those who wait hear why. */
  void retried(SwarmTask task, DistributionException failure) {
    for (Member member : task.members()) {
      if (member.isWanting()) {
        member.trouble = failure;
        member.session.news.add(member);
        awake.add(member.session);
      }
    }
  }

  /** The CDN cache has none of a task's pieces any longer. */
  void lostAll(SwarmTask task) {
    for (int piece : task.cdnPieces.stream().toArray()) {
      lost(task, piece);
    }
  }

  /** The length of a task may be known now. */
  void learn(SwarmTask task, Task now) {
    if (task.isLengthKnown() || !now.layout().isLengthKnown()) {
      return;
    }
    task.learned(now);
    if (task.isStarted) {
      scheduler.lengthLearned(task.id(), now.layout());
    }
    for (Member member : task.members()) {
      member.session.news.add(member);
      awake.add(member.session);
    }
  }

  /** A task ends: for a reason that its members are to be told, or since it has none. */
  void remove(SwarmTask task, Optional<DistributionException> failure) {
    tasks.remove(task.id(), task);
    task.isRemoved = true;
    task.failure = failure.orElse(null);
    if (task.isStarted) {
      scheduler.taskRemoved(task.id());
    }
    for (Member member : List.copyOf(task.members())) {
      forget(member);
      Session session = member.session;
      failure.ifPresent(
          f -> (member.isNamed ? session.failures : session.heldFailures).put(task.id(), f));
      awake.add(member.session);
    }
    abandoned.remove(task);
  }
}
