package io.dragonfly.scheduler.simulator;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.spi.Scheduler.Plan;
import io.dragonfly.task.PieceLayout;
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
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * One task and its peers in virtual time. Pieces are passed on once they are whole; they travel in
 * chunks, which a parent's uplink sends for its active requests in turn, and the taker's downlink
 * lets pass in the order in which they come. What the supernode's computing costs takes no virtual
 * time; it is measured beside. Not safe for concurrent use.
 */
public final class VirtualSwarm {
  private static final TaskId TASK = new TaskId("ab".repeat(32));
  private static final int LEAST_CHUNK = 32 << 10;
  private static final int CHUNKS_PER_PIECE = 8;
  private static final int PLANS_PER_ANSWER = 16;
  private static final int CDN_SLOTS = 4;
  private static final int PEER_SLOTS = 2;
  private static final int PORTS = 60_000;

  private final Timeline timeline = new Timeline();
  private final Scheduler scheduler;
  private final PieceLayout layout;
  private final Delays delays;
  private final int chunk;
  private final List<VirtualPeer> peers = new ArrayList<>();
  private final Map<PeerId, VirtualPeer> byId = new HashMap<>();
  private final VirtualPeer cdn;
  private int unfinished;
  private long crossed;
  private long readFromSource;
  private long failures;
  private long assigned;
  private long schedulerNanos;

  /**
   * Makes a swarm of the CDN cache alone.
   *
   * @param make makes the scheduler for a clock of nanoseconds
   * @param length bytes of the file
   * @param idc the data centre of the CDN cache, or empty
   * @param cdnRate bytes per second that the CDN cache can send
   */
  public VirtualSwarm(
      Function<LongSupplier, Scheduler> make,
      long length,
      String idc,
      double cdnRate,
      Delays delays) {
    scheduler = make.apply(timeline::now);
    layout = PieceLayout.of(length);
    this.delays = delays;
    chunk = Math.max(LEAST_CHUNK, layout.pieceLength() / CHUNKS_PER_PIECE);
    VirtualPeer.Link link = new VirtualPeer.Link(cdnRate, cdnRate);
    cdn = new VirtualPeer(this, peer(0, idc), link, CDN_SLOTS, new BitSet());
    byId.put(cdn.peer().id(), cdn);
    scheduler.taskAdded(TASK, layout, cdn.peer());
    timeline.after(Delays.TICK.toNanos(), this::tick);
  }

  private static Peer peer(int number, String idc) {
    return new Peer(
        new PeerId("%032x".formatted(number)),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 1 + number % PORTS),
        idc);
  }

  /** The CDN cache has everything from the beginning. */
  public VirtualSwarm cached() {
    for (int piece = 0; piece < layout.pieces(); piece++) {
      cdnGets(piece);
    }
    return this;
  }

  /** The CDN cache reads the source, so many bytes a second. */
  public VirtualSwarm readAt(double rate) {
    for (int piece = 0; piece < layout.pieces(); piece++) {
      int next = piece;
      timeline.at(
          (long) (layout.range(piece).end() * 1e9 / rate),
          () -> {
            readFromSource += layout.range(next).length();
            cdnGets(next);
            answerAll();
          });
    }
    return this;
  }

  private void cdnGets(int piece) {
    long before = System.nanoTime();
    scheduler.pieceAdded(TASK, cdn.peer().id(), piece);
    schedulerNanos += System.nanoTime() - before;
    cdn.gain(piece);
  }

  /** A peer without any piece joins at a time. */
  public VirtualPeer join(Duration at, String idc, VirtualPeer.Link link) {
    return join(at, idc, link, new BitSet());
  }

  /** A peer joins at a time, with these pieces. */
  public VirtualPeer join(Duration at, String idc, VirtualPeer.Link link, BitSet has) {
    Peer name = peer(peers.size() + 1, idc);
    VirtualPeer joined = new VirtualPeer(this, name, link, PEER_SLOTS, has);
    peers.add(joined);
    byId.put(name.id(), joined);
    unfinished++;
    timeline.at(at.toNanos(), () -> registers(joined));
    return joined;
  }

  private void registers(VirtualPeer joining) {
    if (joining.isDead()) {
      return;
    }
    joining.start();
    timeline.after(
        callNanos(),
        () -> {
          long before = System.nanoTime();
          scheduler.peerJoined(TASK, joining.peer(), joining.pieces(), PieceSpan.ALL);
          schedulerNanos += System.nanoTime() - before;
          timeline.after(callNanos(), joining::call);
        });
  }

  /** A peer is cut off at a time; its takers find that out, and later the supernode. */
  public void die(Duration at, VirtualPeer dying) {
    timeline.at(
        at.toNanos(),
        () -> {
          unfinished -= dying.isFinished() || dying.isDead() ? 0 : 1;
          dying.die();
          timeline.after(
              delays.lease().toNanos(),
              () -> {
                scheduler.peerLeft(TASK, dying.peer().id());
                answerAll();
              });
        });
  }

  /**
   * Runs until all that live have everything.
   *
   * @throws IllegalStateException if that takes longer than the limit
   */
  public void run(Duration limit) {
    while (unfinished > 0) {
      if (timeline.now() > limit.toNanos()) {
        throw new IllegalStateException(
            "%d peers have not finished after %d s of virtual time"
                .formatted(unfinished, timeline.now() / 1_000_000_000));
      }
      timeline.next();
    }
  }

  /** Returns all peers but the CDN cache, in the order in which they were made. */
  public List<VirtualPeer> peers() {
    return Collections.unmodifiableList(peers);
  }

  /** Returns the bytes that the CDN cache sent. */
  public long cdnBytes() {
    return cdn.sentBytes();
  }

  /** Returns the bytes that the CDN cache read from the source. */
  public long sourceBytes() {
    return readFromSource;
  }

  /** Returns the bytes that went from one data centre to another. */
  public long crossedBytes() {
    return crossed;
  }

  /** Returns how often a piece was asked for in vain. */
  public long failures() {
    return failures;
  }

  /** Returns how many pieces were assigned. */
  public long assignments() {
    return assigned;
  }

  /** Returns the real time that the scheduler took for them. */
  public Duration schedulerTime() {
    return Duration.ofNanos(schedulerNanos);
  }

  Timeline timeline() {
    return timeline;
  }

  PieceLayout layout() {
    return layout;
  }

  int chunk() {
    return chunk;
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

  private void tick() {
    long before = System.nanoTime();
    scheduler.tick();
    schedulerNanos += System.nanoTime() - before;
    peers.forEach(VirtualPeer::endPatience);
    answerAll();
    timeline.after(Delays.TICK.toNanos(), this::tick);
  }

  void called(VirtualPeer caller, List<PieceResult> reports) {
    long before = System.nanoTime();
    for (PieceResult report : reports) {
      scheduler.reported(TASK, caller.peer().id(), report);
    }
    schedulerNanos += System.nanoTime() - before;
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
          if (peer.isHeard()) {
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
      peer.answered();
      timeline.after(callNanos(), () -> peer.ask(plans));
    }
  }

  void ask(VirtualPeer taker, Plan plan) {
    VirtualPeer parent = byId.get(plan.parent());
    if (parent == null) {
      throw new IllegalStateException("the scheduler names a parent that there is not: " + plan);
    }
    Transfer transfer = new Transfer(this, taker, parent, plan.piece());
    timeline.after(delays.request().toNanos(), transfer);
  }

  void sent(Transfer transfer, long bytes) {
    transfer.parent.sent(bytes);
    if (!transfer.parent.peer().isNear(transfer.taker.peer())) {
      crossed += bytes;
    }
  }

  void arrived(Transfer transfer) {
    if (!transfer.isOver()) {
      transfer.taker.gain(transfer.piece);
      long micros = Math.max(1, (timeline.now() - transfer.since) / 1000);
      report(transfer, Outcome.DONE, micros);
    }
  }

  void finished(VirtualPeer peer) {
    unfinished -= peer == cdn ? 0 : 1;
  }

  /** The parent is gone, and the taker will see that. */
  void failLater(Transfer transfer) {
    timeline.after(delays.noticed().toNanos(), () -> fail(transfer, Outcome.UNREACHABLE));
  }

  void fail(Transfer transfer, Outcome outcome) {
    if (!transfer.isOver()) {
      failures++;
      transfer.fail();
      report(transfer, outcome, 0);
    }
  }

  private void report(Transfer transfer, Outcome outcome, long micros) {
    transfer.taker.report(
        new PieceResult(transfer.piece, transfer.parent.peer().id(), outcome, micros));
  }
}
