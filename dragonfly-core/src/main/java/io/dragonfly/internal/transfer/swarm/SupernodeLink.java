package io.dragonfly.internal.transfer.swarm;

import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.Holding;
import io.dragonfly.control.Push;
import io.dragonfly.control.Queued;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.Revoked;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One supernode as one peer sees it, and the tasks that it takes part in there. Confined to the
 * loop.
 */
public final class SupernodeLink {
  private static final Logger LOG = LoggerFactory.getLogger(SupernodeLink.class);
  private static final Duration DOUBT = Duration.ofSeconds(2);
  private static final Duration LEAVE_LIMIT = Duration.ofSeconds(1);

  /** How much of an offer goes into one call, and what a task takes up beside its bits. */
  private static final int PAGE_BYTES = 256 << 10;

  private static final int HOLDING_BYTES = 80;

  private final SupernodeCalls calls;
  private final SupernodeHealth health;
  private final EventLoop loop;
  private final PollLoop next;
  private final Map<TaskId, Membership> members = new LinkedHashMap<>();
  private final Map<TaskId, List<TaskUpdate>> early = new HashMap<>();

  /** The members to look at with each piece and call: thousands may only be given. */
  private final Set<Membership> awake = new LinkedHashSet<>();

  /** For each offer under way: the tasks that this peer has left since the offer began. */
  private final List<Set<TaskId>> leftSince = new ArrayList<>();

  private Runnable offerAgain = () -> {};
  private BiConsumer<TaskId, List<Integer>> verify = (task, pieces) -> {};
  private Consumer<Revoked> revoke = capability -> {};
  private BiConsumer<TaskId, String> tickets = (task, ticket) -> {};

  /** Calls whose answer may be that the supernode takes it that this peer takes part. */
  private final Map<Integer, CompletableFuture<RegisterResponse>> asking = new HashMap<>();

  private @Nullable Consumer<Pushed> preheats;

  private int asked;
  private int registering;
  private boolean doubted;

  SupernodeLink(
      SupernodeCalls calls, SupernodeHealth health, EventLoop loop, DoubleSupplier random) {
    this.calls = calls;
    this.health = health;
    this.loop = loop;
    this.next = new PollLoop(this, calls, loop, random);
  }

  /** Returns the supernode's address, or what else it is called. */
  public String name() {
    return calls.name();
  }

  /** Returns the id that this peer has there. */
  public PeerId self() {
    return calls.self();
  }

  /** Returns the id of the supernode's CDN cache, once it has answered. */
  public Optional<PeerId> supernode() {
    return calls.supernode();
  }

  /** Returns the supernode's CDN cache as a parent, once it has answered. */
  public Optional<Peer> cdn() {
    return calls.cdn();
  }

  /** Tells whether pieces from this parent come from the supernode's CDN cache. */
  public boolean isSupernode(PeerId parent) {
    return calls.supernode().filter(parent::equals).isPresent();
  }

  /** Tells whether the supernode did not answer the last time. */
  public boolean isLost() {
    // Where there is nothing to poll for, the last poll says nothing any more.
    return health.isDown() || (next.isLost() && !members.isEmpty());
  }

  /** Returns whether it answers at all, as far as is known. */
  SupernodeHealth health() {
    return health;
  }

  /** Asks whether the supernode is there. Completes on the loop: with why not, if it is not. */
  public CompletableFuture<Optional<String>> ask() {
    return health.ask().thenApply(there -> there ? Optional.empty() : Optional.of(health.reason()));
  }

  /**
   * Nothing comes, though something is wanted. A supernode that has answered lately has nothing to
   * give; another one is asked whether it is there, and is lost if it does not answer that either.
   */
  public void doubt() {
    if (!next.isLost() && health.silence().compareTo(DOUBT) >= 0) {
      loop.when(health.ask(), there -> giveUp(), failure -> {});
    }
  }

  private void giveUp() {
    if (health.isDown()) {
      doubted = true;
      next.giveUp(down());
    }
  }

  /** Returns the failure for a supernode that is known not to answer. */
  SupernodeUnreachableException down() {
    return new SupernodeUnreachableException(health.reason());
  }

  /**
   * Asks for a content. The future completes on the loop; who gets an answer must then {@link
   * #join} or {@link #decline}: the supernode takes it that the caller takes part.
   *
   * @param patience how long the supernode may answer no call at all
   */
  CompletableFuture<RegisterResponse> register(
      Supernodes.Registration registration, Duration patience) {
    registering++;
    CompletableFuture<RegisterResponse> answer =
        calls.register(
            registration.content(),
            registration.range(),
            registration.push().map(pushed -> pushed.push().ticket()),
            registration.holdings(),
            registration.push().isPresent(),
            patience);
    int number = asked++;
    asking.put(number, answer);
    Continuations.whenDone(
        answer,
        (got, failure) -> {
          asking.remove(number);
          if (failure != null) {
            registrationEnded();
          }
        });
    return answer;
  }

  private void registrationEnded() {
    registering--;
    if (registering == 0) {
      early.clear();
    }
  }

  /**
   * Takes part in the task that a registration named.
   *
   * @param held tells which pieces this peer holds
   */
  public Membership join(TaskId task, RegisterResponse answer, Supplier<BitSet> held) {
    Membership member = members.computeIfAbsent(task, id -> new Membership(this, id, held));
    member.registered(answer, early.getOrDefault(task, List.of()));
    early.remove(task);
    registrationEnded();
    return member;
  }

  /** Takes no part in a task that a registration named: nobody waits for it any more. */
  public void decline(TaskId task) {
    registrationEnded();
    if (!members.containsKey(task)) {
      var unused = say(Optional.of(task));
    }
  }

  /**
   * Begins an offer, before the tasks in the store are listed.
   *
   * @return the tasks that this peer leaves from now on, to be given to {@link #offer} or {@link
   *     #endOffer}. What is listed may be deleted before it is offered, or while it is
   */
  public Set<TaskId> beginOffer() {
    Set<TaskId> left = new HashSet<>();
    leftSince.add(left);
    return left;
  }

  /** Ends an offer that was begun. */
  public void endOffer(Set<TaskId> left) {
    leftSince.removeIf(each -> each == left);
  }

  /**
   * Offers tasks, and ends the offer. Those that the supernode does not know yet are left out.
   *
   * @param tickets finds the ticket of a task
   * @param left what {@link #beginOffer} returned
   */
  public CompletableFuture<AnnounceResponse> offer(
      Map<TaskId, Supplier<BitSet>> tasks,
      Function<TaskId, Optional<String>> tickets,
      Set<TaskId> left) {
    List<Holding> holdings =
        tasks.entrySet().stream()
            .map(
                task ->
                    new Holding(task.getKey(), task.getValue().get(), tickets.apply(task.getKey())))
            .toList();
    return offerInPages(pages(holdings), 0, new ArrayList<>())
        .whenComplete((answer, failure) -> endOffer(left))
        .thenApply(
            answer -> {
              Set<TaskId> unknown = new HashSet<>(answer.unknown());
              tasks.forEach(
                  (task, held) -> {
                    if (unknown.contains(task)) {
                      return;
                    }
                    if (left.contains(task)) {
                      // Its files are being deleted, and children may be assigned to it by now.
                      var unused = say(Optional.of(task));
                    } else {
                      offered(task, held);
                    }
                  });
              return answer;
            });
  }

  /** A call has a bound, and a home may hold more tasks than fit into one. */
  private static List<List<Holding>> pages(List<Holding> holdings) {
    List<List<Holding>> pages = new ArrayList<>();
    List<Holding> page = new ArrayList<>();
    int bytes = 0;
    for (Holding holding : holdings) {
      bytes += HOLDING_BYTES + holding.pieces().length() / Byte.SIZE * 4 / 3;
      bytes += holding.ticket().map(String::length).orElse(0);
      if (bytes > PAGE_BYTES && !page.isEmpty()) {
        pages.add(page);
        page = new ArrayList<>();
        bytes = 0;
      }
      page.add(holding);
    }
    pages.add(page);
    return pages;
  }

  private CompletableFuture<AnnounceResponse> offerInPages(
      List<List<Holding>> pages, int number, List<TaskId> unknown) {
    return calls
        .offer(pages.get(number))
        .thenCompose(
            answer -> {
              unknown.addAll(answer.unknown());
              return number == pages.size() - 1
                  ? CompletableFuture.completedFuture(new AnnounceResponse(unknown, answer.terms()))
                  : offerInPages(pages, number + 1, unknown);
            });
  }

  private void offered(TaskId task, Supplier<BitSet> held) {
    if (!members.containsKey(task)) {
      Membership member = new Membership(this, task, held);
      members.put(task, member);
      member.nameAgain(); // what there is to say of a task is said to who has named it
      next.hasNews();
    }
  }

  /** Sets what is done when the supernode has forgotten a task that this peer could give. */
  public void onForgotten(Runnable offer) {
    offerAgain = offer;
  }

  /** Sets who keeps the tickets of registrations. */
  public void onTicket(BiConsumer<TaskId, String> keep) {
    tickets = keep;
  }

  void registered(TaskId task, String ticket) {
    tickets.accept(task, ticket);
  }

  /** Sets what is done when others found pieces wrong that this peer gave them. */
  public void onComplaint(BiConsumer<TaskId, List<Integer>> verifying) {
    verify = verifying;
  }

  /**
   * Sets what is done with the secret that the supernode shares with this peer: it makes
   * capabilities for this peer's pieces with a key of it. Called before the supernode gets it.
   */
  public void onSecret(Consumer<PeerSecret> action) {
    calls.onSecret(action);
  }

  /**
   * Leaves as the peer that this was, and takes part as the one that another secret makes of it.
   * Tasks that somebody here wants are registered again, when the supernode says that it does not
   * know this peer's part in them.
   */
  public void renew(PeerSecret secret) {
    if (!members.isEmpty() || registering > 0 || acceptsPreheats()) {
      var unused = say(Optional.empty());
    }
    calls.renew(secret);
    next.beginAnew();
  }

  /** Sets what is done with capabilities for this peer's pieces that are worth nothing any more. */
  public void onRevoked(Consumer<Revoked> refuse) {
    revoke = refuse;
  }

  void revoked(List<Revoked> capabilities) {
    capabilities.forEach(revoke);
  }

  void verify(TaskId task, List<Integer> pieces) {
    verify.accept(task, pieces);
  }

  /** Fetches from now on what operators of the supernode want this peer to have. */
  public void acceptPreheats(Consumer<Pushed> fetch) {
    preheats = fetch;
    next.hasNews();
  }

  boolean acceptsPreheats() {
    return preheats != null;
  }

  /** What nobody asked for is passed over. */
  void preheat(List<Push> pushes) {
    Consumer<Pushed> fetch = preheats;
    if (fetch != null) {
      pushes.forEach(push -> fetch.accept(new Pushed(this, push)));
    }
  }

  /** Returns this peer's part in a task, if it has one. */
  public Optional<Membership> member(TaskId task) {
    return Optional.ofNullable(members.get(task));
  }

  Collection<Membership> members() {
    return members.values();
  }

  /** Returns at least those members of which something is wanted or to be said. */
  Collection<Membership> awake() {
    return awake;
  }

  /** Counts a member among {@link #awake} until it is found to sleep. */
  void wake(Membership member) {
    if (members.get(member.task()) == member) {
      awake.add(member);
    }
  }

  /** Looks no longer at those of which nothing is wanted and nothing to be said. */
  void letSleep() {
    awake.removeIf(member -> !member.isAwake());
  }

  void hasNews() {
    next.hasNews();
  }

  void hasWish() {
    next.hasWish();
  }

  void hasResults() {
    next.hasResults();
  }

  void offerAgain() {
    offerAgain.run();
  }

  /** Takes no part any more, and tells whether it did. */
  boolean forget(Membership member) {
    awake.remove(member);
    return members.remove(member.task(), member);
  }

  /** Takes no part in a task any more, also if it is being offered. Its files may go then. */
  public void leave(TaskId task) {
    leftSince.forEach(left -> left.add(task));
    member(task).ifPresent(Membership::leave);
  }

  void leave(Membership member) {
    if (forget(member)) {
      var unused = say(Optional.of(member.task()));
    }
  }

  /** Leaves all tasks and says so. The future completes on the loop, within a second. */
  CompletableFuture<Void> close() {
    next.close();
    boolean known = !members.isEmpty() || registering > 0 || acceptsPreheats();
    members.clear();
    awake.clear();
    // First dropped, then the farewell: so a supernode that is just letting this peer in hears it.
    List.copyOf(asking.values()).forEach(call -> call.cancel(true));
    return known ? say(Optional.empty()) : CompletableFuture.completedFuture(null);
  }

  private CompletableFuture<Void> say(Optional<TaskId> task) {
    return calls
        .leave(task, LEAVE_LIMIT)
        .handle(
            (done, failure) -> {
              if (failure != null) {
                // The lease tells the supernode, only later.
                LOG.debug("Supernode {} was not told that this peer leaves", name(), failure);
              }
              return null;
            });
  }

  /** Takes in what is new. A defect in the processing of one task is none in the others. */
  void received(List<TaskUpdate> updates) {
    Continuations.run(() -> tellQueued(updates));
    updates.forEach(update -> Continuations.run(() -> received(update)));
  }

  private void received(TaskUpdate update) {
    Membership member = members.get(update.task());
    if (member != null) {
      member.update(update);
    } else if (registering > 0) {
      // It knows already what the answer to a registration will tell us.
      early.computeIfAbsent(update.task(), task -> new ArrayList<>()).add(update);
    }
  }

  /** A task that the response does not name is not queued. */
  private void tellQueued(List<TaskUpdate> updates) {
    Map<TaskId, Queued> waits = new HashMap<>();
    updates.forEach(
        update -> update.queued().ifPresent(queued -> waits.put(update.task(), queued)));
    for (Membership member : List.copyOf(awake)) {
      if (member.isWanting()) {
        member.queued(Optional.ofNullable(waits.get(member.task())));
      }
    }
  }

  void lost(String reason) {
    LOG.warn("Supernode {} is lost: {}", name(), reason);
    // A connection that has just broken may have been quiet for long, and with good reason.
    Duration silence = doubted ? health.silence() : Duration.ZERO;
    tellAll(events -> events.supernodeLost(reason, silence));
  }

  void back() {
    doubted = false;
    LOG.info("Supernode {} is back", name());
    tellAll(TaskEvents::supernodeBack);
  }

  private void tellAll(Consumer<TaskEvents> event) {
    List.copyOf(members.values())
        .forEach(member -> Continuations.run(() -> event.accept(member.events())));
  }

  void refused(CallRefusedException failure) {
    LOG.warn("Supernode {} refuses this peer: {}", name(), failure.getMessage());
    List<Membership> all = List.copyOf(members.values());
    members.clear();
    awake.clear();
    all.forEach(member -> Continuations.run(() -> member.events().failed(failure)));
  }

  /**
   * Has the supernode know a task again.
   *
   * @param isPushed whether the ticket alone admits this peer, which has no credentials
   */
  void registerAgain(
      Membership member, ContentRequest content, Optional<String> ticket, boolean isPushed) {
    LOG.info("Supernode {} forgot task {}, it is told again", name(), member.task().brief());
    List<Holding> holdings = List.of(new Holding(member.task(), member.held()));
    loop.when(
        calls.register(
            content, Optional.empty(), ticket, holdings, isPushed, SupernodeHealth.PATIENCE),
        answer -> registeredAgain(member, answer),
        failure -> {
          if (failure instanceof BusyException busy) {
            // Until then the task counts as being registered, so no poll names it.
            Duration pause =
                Collections.max(List.of(busy.retryAfter(), BusyException.DEFAULT_RETRY_AFTER));
            member.supernodeIsBusy();
            var unused = loop.after(pause, member::registrationEnded);
            return;
          }
          member.supernodeIsNotBusy();
          member.registrationEnded();
          if (!(failure instanceof SupernodeUnreachableException)) {
            fail(member, (DistributionException) failure);
          } // else the next poll finds it lost, or hears once more that it does not know the task
        });
  }

  private void registeredAgain(Membership member, RegisterResponse answer) {
    member.supernodeIsNotBusy();
    member.registrationEnded();
    if (!answer.task().id().equals(member.task())) {
      fail(
          member,
          new SourceChangedException(
              "The content of task %s changed at its source while it was read. Fetch it again to get the new one."
                  .formatted(member.task().brief())));
      return;
    }
    member.registered(answer, List.of());
    answer.task().layout().length().ifPresent(member.events()::lengthLearned);
    member.events().digests(answer.digests());
    member.events().advised(answer.advice());
  }

  private void fail(Membership member, DistributionException failure) {
    forget(member);
    member.events().failed(failure);
  }
}
