package io.dragonfly.internal.supernode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.AdminApi;
import io.dragonfly.control.Caller;
import io.dragonfly.control.Holding;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.Revoked;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.control.Terms;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.access.ChildAddresses;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.cdn.CdnTask;
import io.dragonfly.internal.cdn.DaemonThreads;
import io.dragonfly.internal.preheat.Preheats;
import io.dragonfly.internal.preheat.PushedFile;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * All swarms of a supernode: who registers, offers, leaves, and what the CDN cache brings. One
 * lock, the state itself: under it there is no I/O, no cryptography and nobody else's code, the
 * scheduler aside, which is pure. It comes after the locks of the CDN cache, which calls under
 * them: so nobody calls the cache while he holds it. Safe for concurrent use.
 */
final class Swarms implements Preheats.Peers {
  private final SwarmState state;
  private final Polls polls;
  private final SupernodeExecutors executors;
  private final Supplier<Peer> cdnPeer;
  private final Overview overview;
  private final Relaying passing;
  private final Permissions permissions;
  private final SmallContents small = new SmallContents(SupernodeSettings.SMALL_CONTENTS_BYTES);

  /** Lets a task go that nobody takes part in. */
  private final BiConsumer<Task, CdnTask> release;

  /**
   * Swarms without any task.
   *
   * @param cdnPeer the CDN cache as peers see it
   * @param cdnHolder the CDN cache as a parent of peers
   * @param budgets what there is room for, and how much of it for each client address
   * @param isUploadLimited tells whether the rate limit of the supernode's uploads is reached
   * @param confirm asks the source whether it still gives a content with these credentials
   * @param cdnRefuses has the CDN cache refuse capabilities
   * @param release lets a task go that nobody takes part in; may block
   * @param listener is told of what peers report, and of what follows for others
   */
  Swarms(
      Scheduler scheduler,
      Supplier<Peer> cdnPeer,
      Supplier<Holder> cdnHolder,
      SupernodeSettings settings,
      Budgets budgets,
      SupernodeExecutors executors,
      BooleanSupplier isUploadLimited,
      BiFunction<TaskKey, Access, CompletableFuture<Void>> confirm,
      Consumer<Revoked> cdnRefuses,
      BiConsumer<Task, CdnTask> release,
      SupernodeListener listener) {
    PeerId cdnId = cdnPeer.get().id();
    this.state =
        new SwarmState(
            scheduler,
            settings.backToSourcePeers(),
            cdnId,
            budgets,
            new Revocations(cdnId, cdnRefuses, executors),
            new Notices(executors, listener));
    this.executors = executors;
    this.overview = new Overview(state, executors);
    this.passing = new Relaying(state, executors);
    this.cdnPeer = cdnPeer;
    this.release = release;
    Drafts drafts =
        new Drafts(
            scheduler,
            new Queues(scheduler, isUploadLimited),
            id -> {
              if (id.equals(cdnId)) {
                return cdnHolder.get();
              }
              Session session = state.session(id);
              return session == null ? null : session.holder();
            });
    this.permissions =
        new Permissions(
            state, executors, confirm, this::stopped, this::changed, listener::security);
    this.polls =
        new Polls(
            cdnId,
            state,
            scheduler,
            drafts,
            permissions,
            settings,
            executors,
            this::changed,
            listener);
  }

  /** Tells a listener of what follows from complaints, without the lock. */
  private record Notices(SupernodeExecutors executors, SupernodeListener listener)
      implements SwarmState.Isolations {
    @Override
    public void isolated(Session accused, AdminApi.Isolation isolation) {
      SecurityEvent event = event(SecurityEvent.Kind.PEER_ISOLATED, accused, isolation.reason());
      executors.soon(
          () -> {
            listener.isolated(accused.id(), isolation.times(), isolation.reason());
            listener.security(event);
          });
    }

    @Override
    public void doubted(Session reporter) {
      SecurityEvent event =
          event(
              SecurityEvent.Kind.COMPLAINT_IGNORED,
              reporter,
              "it complains of many peers of whom nobody else does");
      executors.soon(() -> listener.security(event));
    }

    private static SecurityEvent event(SecurityEvent.Kind kind, Session peer, String why) {
      return SecurityEvent.refused(
          kind, peer.id().hex(), SecurityEvent.text(peer.address()), "", why);
    }
  }

  /** Returns what operators see of it all. */
  Overview overview() {
    return overview;
  }

  /** Returns what goes on with tasks that are only passed on. */
  Relaying passing() {
    return passing;
  }

  /** A task that is there, and whether it has just been begun: then the caller makes it ready. */
  record Begun(SwarmTask task, boolean isNew) {}

  Begun begin(Task task) {
    synchronized (state) {
      boolean isNew = state.task(task.id()) == null;
      return new Begun(state.begin(task), isNew);
    }
  }

  /** Returns a task if there is a swarm for it. */
  Optional<SwarmTask> find(TaskId id) {
    synchronized (state) {
      return Optional.ofNullable(state.task(id));
    }
  }

  /**
   * The CDN cache is ready for a task that was begun.
   *
   * @throws DistributionException if the task has ended in the meantime, and why
   */
  void started(SwarmTask task, CdnTask cdn, Optional<byte[]> content) {
    BitSet pieces = cdn.pieces();
    Map<Integer, Digest> digests = new HashMap<>();
    // Damaged pieces have digests too, so this does not end with the pieces that are there.
    for (int piece = 0; piece < pieces.length() || cdn.digest(piece).isPresent(); piece++) {
      int number = piece;
      cdn.digest(piece).ifPresent(digest -> digests.put(number, digest));
    }
    synchronized (state) {
      checkGoesOn(task);
      task.cdn = cdn;
      state.started(task, cdn.task(), digests, pieces, cdnPeer.get());
    }
    task.started().complete(cdn);
    if (cdn.isComplete()) {
      keep(task.id(), content);
      task.read().complete(null);
    }
    changed();
  }

  private void keep(TaskId id, Optional<byte[]> content) {
    content.ifPresent(bytes -> small.put(id, bytes));
  }

  /** Returns the content of a task, if it is small, has been read, and is at hand. */
  Optional<byte[]> content(TaskId id) {
    return small.find(id);
  }

  /** Reads the content of a task that is small and has been read. Blocks on the disk. */
  void fetchContent(SwarmTask task, CdnTask cdn) throws IOException {
    keep(task.id(), cdn.smallContent());
  }

  /** A task that was begun cannot be kept, or its source cannot be read any more. */
  void failed(SwarmTask task, DistributionException failure) {
    CdnTask cdn;
    synchronized (state) {
      if (task.isRemoved) {
        return;
      }
      cdn = task.cdn;
      state.remove(task, Optional.of(failure));
    }
    task.started().completeExceptionally(failure);
    task.read().completeExceptionally(failure);
    small.remove(task.id());
    if (cdn != null) {
      executors.work(() -> cdn.release(false));
    }
    changed();
  }

  /**
   * A peer's part in a task has begun.
   *
   * @param addresses where the peer takes from
   * @param lacksPieces whether it wants pieces that it has not
   * @param isNew whether it took no part before
   */
  record Joined(
      Task task,
      PieceDigests digests,
      FallbackPeers.Draft advice,
      Terms terms,
      ChildAddresses addresses,
      boolean lacksPieces,
      boolean isNew) {}

  /**
   * A peer registers for a task that has started.
   *
   * @throws DistributionException if the task has ended, and why
   */
  Joined join(SwarmTask task, RegisterRequest request, Permission permission, HostKey place) {
    Joined joined;
    synchronized (state) {
      checkGoesOn(task);
      Session session = state.heard(request.caller(), place, executors.activeNanos().getAsLong());
      polls.arm(session); // its lease must end also if there is no room for more than itself
      boolean isNew = task.member(session.id()).isEmpty();
      Member member = state.join(session, task, request, permission);
      Terms terms = polls.terms(session);
      polls.arm(session);
      joined =
          new Joined(
              task.task(),
              task.digests.from(0, member.digestsKnown),
              FallbackPeers.choose(member, terms.now()),
              terms,
              session.addresses(),
              member.isWanting() && !hasAll(task, request),
              isNew);
    }
    changed();
    return joined;
  }

  private static void checkGoesOn(SwarmTask task) {
    DistributionException failure = task.failure;
    if (failure != null) {
      throw failure;
    }
    if (task.isRemoved) {
      throw new SupernodeUnreachableException(
          "Task %s has just ended here. Register again.".formatted(task.id().brief()));
    }
  }

  private static boolean hasAll(SwarmTask task, RegisterRequest request) {
    PieceLayout layout = task.task().layout();
    return layout.isLengthKnown()
        && request.holdings().stream()
            .filter(holding -> holding.task().equals(task.id()))
            .anyMatch(holding -> holding.pieces().cardinality() >= layout.pieces());
  }

  /**
   * Checks that a place may have another task.
   *
   * @throws io.dragonfly.error.BusyException if it has as many as it may
   */
  void checkRoomForTask(HostKey place) {
    synchronized (state) {
      state.budgets().tasks.check(place, 1);
    }
  }

  /**
   * A peer offers pieces of tasks that have started. Those that have ended are passed over.
   *
   * @param notTaken gets those that there is no room for: the peer offers them later, while a
   *     refusal of them all would have it offer the same again and again
   * @throws BusyException if there is no room for the peer
   */
  Terms announce(
      Caller caller, HostKey place, Map<SwarmTask, Holding> offers, List<TaskId> notTaken) {
    Terms terms;
    synchronized (state) {
      Session session = state.heard(caller, place, executors.activeNanos().getAsLong());
      polls.arm(session);
      boolean isFull = false;
      for (Map.Entry<SwarmTask, Holding> each : offers.entrySet()) {
        SwarmTask task = each.getKey();
        isFull = isFull || (!task.isRemoved && !hasTaken(session, task, each.getValue()));
        if (isFull && !task.isRemoved) {
          notTaken.add(task.id());
        }
      }
      terms = polls.terms(session);
      polls.arm(session);
    }
    changed();
    return terms;
  }

  /** Tells whether a peer takes part with the address that it says. */
  boolean hasAddress(Caller caller) {
    synchronized (state) {
      Session session = state.session(caller.id());
      return session != null && session.peer().address().equals(caller.address());
    }
  }

  @GuardedBy("state")
  private boolean hasTaken(Session session, SwarmTask task, Holding holding) {
    try {
      state.announce(session, task, holding.pieces());
      return true;
    } catch (BusyException e) {
      return false;
    }
  }

  @Override
  public List<Peer> willing() {
    synchronized (state) {
      return state.sessions().stream()
          .filter(session -> session.acceptsPreheats)
          .map(Session::peer)
          .toList();
    }
  }

  @Override
  public int tell(PushedFile file, Predicate<Peer> chosen) {
    int told = 0;
    synchronized (state) {
      for (Session session : state.sessions()) {
        if (chosen.test(session.peer()) && state.preheat(session, file)) {
          told++;
        }
      }
    }
    changed();
    return told;
  }

  CompletableFuture<PollResponse> poll(PollRequest request, HostKey place, boolean isProven) {
    return polls.poll(request, place, isProven);
  }

  void leave(LeaveRequest request) {
    PeerId peer = request.caller().id();
    if (request.task().isEmpty()) {
      polls.leave(peer);
      return;
    }
    synchronized (state) {
      Session session = state.session(peer);
      Member member = session == null ? null : session.members.get(request.task().get());
      if (member != null) {
        state.leave(member);
      }
    }
    changed();
  }

  /** The CDN cache has one more piece of a task, and may know its length now. */
  void sealed(Task now, int piece, Digest digest) {
    change(now.id(), task -> state.sealed(task, now, piece, digest));
  }

  /** The CDN cache has a piece no longer. */
  void lost(TaskId id, int piece) {
    change(id, task -> state.lost(task, piece));
  }

  /** The CDN cache has to read a task's source again. */
  void retried(TaskId id, DistributionException failure) {
    change(id, task -> state.retried(task, failure));
  }

  /** The CDN cache has all of a task. */
  void completed(Task now, Optional<byte[]> content) {
    change(now.id(), task -> state.learn(task, now));
    find(now.id())
        .ifPresent(
            task -> {
              keep(now.id(), content);
              task.read().complete(null);
            });
  }

  /** Tells whether anybody wants pieces of a task, or is about to register for it. */
  boolean isWanted(TaskId id) {
    synchronized (state) {
      SwarmTask task = state.task(id);
      return task != null && (task.wanting > 0 || task.joins == 0);
    }
  }

  /** What came of ending a task. */
  enum Ending {
    NONE,
    WANTED,
    ENDED
  }

  /** Ends a task that nobody wants, and deletes it. Blocks on the disk. */
  Ending end(TaskId id) {
    CdnTask cdn;
    synchronized (state) {
      SwarmTask task = state.task(id);
      if (task == null) {
        return Ending.NONE;
      }
      cdn = task.cdn;
      if (task.wanting > 0 || task.joins == 0 || cdn == null) {
        return Ending.WANTED;
      }
      state.remove(task, Optional.empty());
    }
    small.remove(id);
    cdn.release(true);
    changed();
    return Ending.ENDED;
  }

  /** The CDN cache has given up its pieces of a task. */
  void evicted(TaskId id) {
    change(id, task -> state.lostAll(task));
    stopped(id); // who has just come wants them read again
  }

  /**
   * The CDN cache has stopped to read a task: somebody may have come in the meantime. Then it is
   * read again on another thread, since the cache may call this under its locks.
   */
  void stopped(TaskId id) {
    Optional<Runnable> again = Optional.empty();
    synchronized (state) {
      SwarmTask task = state.task(id);
      CdnTask cdn = task == null || task.wanting == 0 ? null : task.cdn;
      if (task != null && cdn != null) {
        again =
            task.access(Set.of(), executors.clock().instant())
                .map(access -> () -> cdn.read(access, Optional.empty()));
      }
    }
    again.ifPresent(executors::work);
  }

  /** Returns what else a task's source can be asked with. */
  Optional<Access> access(TaskId id, Set<String> refused) {
    synchronized (state) {
      SwarmTask task = state.task(id);
      return task == null ? Optional.empty() : task.access(refused, executors.clock().instant());
    }
  }

  /** Has the CDN cache look at a piece that it could not give. */
  void check(TaskId id, int piece) {
    CdnTask cdn;
    synchronized (state) {
      SwarmTask task = state.task(id);
      cdn = task == null ? null : task.cdn;
    }
    if (cdn != null) {
      cdn.check(piece);
    }
  }

  /** Does something that does not block, with no lock of this class or of the cache. */
  void soon(Runnable quick) {
    executors.soon(quick);
  }

  private void change(TaskId id, Consumer<SwarmTask> change) {
    synchronized (state) {
      SwarmTask task = state.task(id);
      if (task == null) {
        return;
      }
      change.accept(task);
    }
    changed();
  }

  private void changed() {
    long now = executors.nanos().getAsLong();
    List<SwarmTask> abandoned;
    synchronized (state) {
      abandoned = state.takeAbandoned();
      abandoned.forEach(task -> task.idleNanos = now);
    }
    for (SwarmTask task : abandoned) {
      DaemonThreads.later(executors.timer(), SupernodeSettings.IDLE, () -> idle(task, now));
    }
    polls.wake();
  }

  /** A task had nobody who wanted it for a while. */
  private void idle(SwarmTask task, long since) {
    boolean isEmpty;
    CdnTask cdn;
    synchronized (state) {
      cdn = task.cdn;
      if (task.isRemoved || task.wanting > 0 || task.idleNanos != since || cdn == null) {
        return;
      }
      isEmpty = task.members().isEmpty();
      if (isEmpty) {
        state.remove(task, Optional.empty());
      }
    }
    if (isEmpty) {
      small.remove(task.id());
    }
    executors.work(isEmpty ? () -> release.accept(cdn.task(), cdn) : cdn::stop);
  }

  /** Ends all tasks and all calls that wait, and lets nobody in any more. */
  void close() {
    polls.close();
    List<SwarmTask> tasks;
    synchronized (state) {
      tasks = state.tasks();
    }
    tasks.forEach(
        task ->
            failed(
                task,
                new SupernodeUnreachableException("The supernode is stopping. Ask another.")));
  }
}
