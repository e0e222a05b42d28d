package io.dragonfly.scheduler.simulator;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.spi.Scheduler.Plan;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * A supernode, its tasks and its peers in virtual time. Pieces are uploaded once they are complete;
 * they travel in chunks, which a parent's uplink sends for its active requests in turn, and the
 * child's downlink lets pass in the order in which they come. What the supernode's computing costs
 * takes no virtual time; it is measured separately. Not safe for concurrent use.
 */
public final class VirtualSwarm {
  private static final int PLANS_PER_ANSWER = 16;
  private static final int CDN_SLOTS = 4;
  private static final int PEER_SLOTS = 2;
  private static final int PORTS = 60_000;

  private final Timeline timeline = new Timeline();
  private final Scheduler scheduler;
  private final Delays delays;
  private final List<VirtualTask> tasks = new ArrayList<>();
  private final Map<TaskId, VirtualTask> tasksById = new HashMap<>();
  private final List<VirtualPeer> peers = new ArrayList<>();
  private final Map<PeerId, VirtualPeer> byId = new HashMap<>();
  private final VirtualPeer cdn;
  private Function<Transfer, Optional<Outcome>> faults = transfer -> Optional.empty();
  private int unfinished;
  private long crossed;
  private long readFromSource;
  private long failures;
  private long assigned;
  private long schedulerNanos;

  /**
   * Makes a supernode without tasks and peers.
   *
   * @param make makes the scheduler for a clock of nanoseconds
   * @param zone the zone of the supernode, or empty
   * @param cdnRate bytes per second that the supernode can send
   */
  public VirtualSwarm(
      Function<LongSupplier, Scheduler> make, String zone, double cdnRate, Delays delays) {
    scheduler = make.apply(timeline::now);
    this.delays = delays;
    VirtualPeer.Link link = new VirtualPeer.Link(cdnRate, cdnRate);
    cdn = new VirtualPeer(this, peer(0, zone), link, CDN_SLOTS);
    byId.put(cdn.peer().id(), cdn);
    timeline.after(Delays.TICK.toNanos(), this::tick);
  }

  private static Peer peer(int number, String zone) {
    return new Peer(
        new PeerId("%032x".formatted(number)),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 1 + number % PORTS),
        zone);
  }

  /** Adds a file of which the supernode has nothing. */
  public VirtualTask add(long lengthBytes) {
    VirtualTask task = new VirtualTask(tasks.size(), lengthBytes);
    tasks.add(task);
    tasksById.put(task.id(), task);
    cdn.add(new VirtualFetch(this, cdn, task, new BitSet()));
    timed(() -> scheduler.taskAdded(task.id(), task.layout(), cdn.peer()));
    return task;
  }

  /** Adds a file that the supernode has from the beginning. */
  public VirtualTask addCached(long lengthBytes) {
    VirtualTask task = add(lengthBytes);
    for (int piece = 0; piece < task.layout().pieces(); piece++) {
      cdnGets(task, piece);
    }
    return task;
  }

  /** Adds a file that the supernode downloads from the source, from a time on at a rate. */
  public VirtualTask addRead(long lengthBytes, Duration at, double bytesPerSecond) {
    VirtualTask task = add(lengthBytes);
    for (int piece = 0; piece < task.layout().pieces(); piece++) {
      int next = piece;
      timeline.at(
          at.toNanos() + (long) (task.layout().range(piece).end() * 1e9 / bytesPerSecond),
          () -> {
            readFromSource += task.layout().range(next).length();
            cdnGets(task, next);
            answerAll();
          });
    }
    return task;
  }

  /** Adds a piece to the supernode cache. */
  void cdnGets(VirtualTask task, int piece) {
    timed(() -> scheduler.pieceAdded(task.id(), cdn.peer().id(), piece));
    cdn.of(task).gain(piece);
  }

  /** Removes a piece from the supernode cache. */
  void cdnLoses(VirtualTask task, int piece) {
    cdn.of(task).lose(piece);
    timed(() -> scheduler.pieceLost(task.id(), cdn.peer().id(), piece));
  }

  /** Adds a peer that wants nothing yet. */
  public VirtualPeer peer(String zone, VirtualPeer.Link link) {
    return peer(peer(peers.size() + 1, zone), link);
  }

  /** Adds a peer that no other peer can reach. */
  VirtualPeer hiddenPeer(VirtualPeer.Link link) {
    Peer name = peer(peers.size() + 1, "");
    InetAddress address = InetAddress.getLoopbackAddress();
    return peer(new Peer(name.id(), new InetSocketAddress(address, 0), ""), link);
  }

  private VirtualPeer peer(Peer name, VirtualPeer.Link link) {
    VirtualPeer peer = new VirtualPeer(this, name, link, PEER_SLOTS);
    peers.add(peer);
    byId.put(name.id(), peer);
    return peer;
  }

  /** Adds a new peer that downloads a file from a given time. */
  public VirtualFetch join(Duration at, VirtualTask task, String zone, VirtualPeer.Link link) {
    return join(at, task, peer(zone, link), new BitSet());
  }

  /** Lets a peer that already has some pieces download a file from a given time. */
  public VirtualFetch join(Duration at, VirtualTask task, VirtualPeer peer, BitSet has) {
    VirtualFetch fetch = new VirtualFetch(this, peer, task, has);
    peer.add(fetch);
    task.add(fetch);
    unfinished++;
    timeline.at(at.toNanos(), () -> registers(fetch));
    return fetch;
  }

  private void registers(VirtualFetch fetch) {
    VirtualPeer peer = fetch.peer();
    if (peer.isDead()) {
      return;
    }
    fetch.start();
    timeline.after(
        callNanos(),
        () -> {
          timed(
              () ->
                  scheduler.peerJoined(
                      fetch.task().id(), peer.peer(), fetch.pieces(), PieceSpan.ALL));
          fetch.registered();
          timeline.after(callNanos(), peer::call);
        });
  }

  /** Cuts a peer off at a given time. Its children notice, and later the supernode. */
  public void die(Duration at, VirtualPeer dying) {
    timeline.at(
        at.toNanos(),
        () -> {
          for (VirtualFetch fetch : dying.fetches()) {
            unfinished -= fetch.isFinished() || dying.isDead() ? 0 : 1;
          }
          dying.die();
          timeline.after(
              delays.lease().toNanos(),
              () -> {
                for (VirtualFetch fetch : dying.fetches()) {
                  timed(() -> scheduler.peerLeft(fetch.task().id(), dying.peer().id()));
                }
                answerAll();
              });
        });
  }

  /** Chooses requests that fail, and how. */
  void failSome(Function<Transfer, Optional<Outcome>> which) {
    faults = which;
  }

  /** Lets a peer neither poll nor upload for a while, from a given time. */
  void silence(Duration at, Duration length, VirtualPeer peer) {
    timeline.at(at.toNanos(), () -> peer.setSilent(true));
    timeline.at(at.plus(length).toNanos(), () -> peer.setSilent(false));
  }

  /**
   * Runs until all remaining peers have everything.
   *
   * @throws IllegalStateException if that takes longer than the limit
   */
  public void run(Duration limit) {
    while (unfinished > 0) {
      if (timeline.now() > limit.toNanos()) {
        throw new IllegalStateException(
            "%d downloads have not finished after %d s of virtual time"
                .formatted(unfinished, timeline.now() / 1_000_000_000));
      }
      timeline.next();
    }
  }

  /** Returns all peers but the supernode, in the order in which they were made. */
  public List<VirtualPeer> peers() {
    return Collections.unmodifiableList(peers);
  }

  /** Returns all tasks, in the order in which they were added. */
  public List<VirtualTask> tasks() {
    return Collections.unmodifiableList(tasks);
  }

  /** Returns the bytes that the supernode sent. */
  public long cdnBytes() {
    return cdn.sentBytes();
  }

  /** Returns the bytes that the supernode downloaded from the source. */
  public long sourceBytes() {
    return readFromSource;
  }

  /** Returns the bytes that went from one zone to another. */
  public long crossedBytes() {
    return crossed;
  }

  /** Returns how many requests for a piece failed. */
  public long failures() {
    return failures;
  }

  /** Returns how many pieces were assigned. */
  public long assignments() {
    return assigned;
  }

  /** Returns the real time of the scheduler. */
  public Duration schedulerTime() {
    return Duration.ofNanos(schedulerNanos);
  }

  Scheduler scheduler() {
    return scheduler;
  }

  VirtualPeer cdn() {
    return cdn;
  }

  Timeline timeline() {
    return timeline;
  }

  long callNanos() {
    return delays.call().toNanos();
  }

  long heldNanos() {
    return delays.held().toNanos();
  }

  long pieceNanos() {
    return delays.piece().toNanos();
  }

  private void timed(Runnable call) {
    long before = System.nanoTime();
    call.run();
    schedulerNanos += System.nanoTime() - before;
  }

  private void tick() {
    timed(scheduler::tick);
    peers.forEach(VirtualPeer::endPatience);
    answerAll();
    timeline.after(Delays.TICK.toNanos(), this::tick);
  }

  void called(VirtualPeer caller, List<VirtualPeer.Report> reports) {
    timed(
        () -> {
          for (VirtualPeer.Report report : reports) {
            scheduler.reported(report.task().id(), caller.peer().id(), report.result());
          }
        });
    for (VirtualPeer.Report report : reports) {
      caller.of(report.task()).reported();
    }
    if (caller.isReady()) {
      answer(caller);
    }
    answerAll();
  }

  private void answerAll() {
    List<PeerId> ready = ready();
    while (!ready.isEmpty()) {
      for (PeerId id : ready) {
        VirtualPeer peer = byId.get(id);
        if (peer != null) {
          peer.setReady(true);
          if (peer.isHeard() && !peer.isSilent()) {
            answer(peer);
          }
        }
      }
      ready = ready();
    }
  }

  private List<PeerId> ready() {
    long before = System.nanoTime();
    List<PeerId> ready = scheduler.ready();
    schedulerNanos += System.nanoTime() - before;
    return ready;
  }

  private void answer(VirtualPeer peer) {
    peer.setReady(false);
    long before = System.nanoTime();
    List<Plan> plans = scheduler.assign(peer.peer().id(), PLANS_PER_ANSWER);
    schedulerNanos += System.nanoTime() - before;
    if (!plans.isEmpty()) {
      assigned += plans.size();
      for (Plan plan : plans) {
        peer.of(task(plan)).assigned(1);
      }
      peer.answered();
      timeline.after(callNanos(), () -> peer.ask(plans));
    }
  }

  private VirtualTask task(Plan plan) {
    VirtualTask task = tasksById.get(plan.task());
    if (task == null) {
      throw new IllegalStateException("the scheduler names a task that does not exist: " + plan);
    }
    return task;
  }

  void ask(VirtualPeer child, Plan plan) {
    VirtualPeer parent = byId.get(plan.parent());
    if (parent == null) {
      throw new IllegalStateException("the scheduler names a parent that does not exist: " + plan);
    }
    VirtualTask task = task(plan);
    VirtualFetch to = child.of(task);
    Transfer transfer = new Transfer(this, to, parent.of(task), plan.piece());
    if (child.isDead()) {
      return;
    }
    Optional<Outcome> fault = faults.apply(transfer);
    if (to.has(plan.piece())) {
      to.reported(); // as in a client that has just sent the report of the piece
    } else if (fault.isPresent()) {
      timeline.after(delays.noticed().toNanos(), () -> fail(transfer, fault.get()));
    } else {
      timeline.after(delays.request().toNanos(), transfer);
    }
  }

  void sent(Transfer transfer, long bytes) {
    VirtualPeer parent = transfer.from.peer();
    parent.sent(bytes);
    if (!parent.peer().isNear(transfer.to.peer().peer())) {
      crossed += bytes;
    }
  }

  void arrived(Transfer transfer) {
    if (transfer.isOver()) {
      report(transfer, Outcome.DROPPED, 0);
    } else {
      transfer.to.gain(transfer.piece);
      long micros = Math.max(1, (timeline.now() - transfer.since) / 1000);
      report(transfer, Outcome.DONE, micros);
    }
  }

  void finished(VirtualFetch fetch) {
    unfinished -= fetch.peer() == cdn ? 0 : 1;
  }

  /** Fails a request later, when the child notices that the parent is gone. */
  void failLater(Transfer transfer) {
    timeline.after(delays.noticed().toNanos(), () -> fail(transfer, Outcome.UNREACHABLE));
  }

  /** Fails a request later, when the child gives up on a silent parent. */
  void stall(Transfer transfer) {
    timeline.after(delays.noticed().toNanos(), () -> fail(transfer, Outcome.STALLED));
  }

  void fail(Transfer transfer, Outcome outcome) {
    if (!transfer.isOver()) {
      failures++;
      transfer.fail();
      report(transfer, outcome, 0);
    }
  }

  private void report(Transfer transfer, Outcome outcome, long micros) {
    PieceResult result =
        new PieceResult(transfer.piece, transfer.from.peer().peer().id(), outcome, micros);
    transfer.to.peer().report(new VirtualPeer.Report(transfer.to.task(), result));
  }
}
