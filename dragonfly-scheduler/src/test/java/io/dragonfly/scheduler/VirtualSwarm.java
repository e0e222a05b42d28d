package io.dragonfly.scheduler;

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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * A swarm in virtual time. Pieces travel in chunks: the parent's uplink sends those of its active
 * requests in turn, the taker's downlink passes them on in the order in which they come, and a
 * request has only so many chunks under way. Reports are held 20 ms, and each call takes a
 * millisecond each way.
 */
final class VirtualSwarm {
  private static final int CHUNK = 32 << 10;
  private static final int CHUNKS_UNDER_WAY = 8;
  private static final int PLANS_PER_ANSWER = 16;
  private static final int SLOTS_MOST = 16;
  private static final int CDN_SLOTS = 4;
  private static final int PEER_SLOTS = 2;
  private static final long WAY = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long HELD = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long TICK = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(2);
  private static final long DEAD_FOUND = TimeUnit.SECONDS.toNanos(1);
  private static final long LIMIT = TimeUnit.MINUTES.toNanos(20);
  static final TaskId TASK = new TaskId("ab".repeat(32));

  private final Scheduler scheduler;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final Map<PeerId, Host> hosts = new LinkedHashMap<>();
  private final PieceLayout layout;
  private final Host cdn;
  private long now;
  private long sequence;
  private long crossed;
  private int failures;

  private record Event(long at, long sequence, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(at, other.at);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }
  }

  /** A peer or the CDN cache. */
  final class Host {
    private final Peer peer;
    private final double up;
    private final double down;
    private final BitSet has = new BitSet();
    private final Map<Integer, List<Transfer>> awaited = new HashMap<>();
    private final Deque<Transfer> line = new ArrayDeque<>();
    private final Deque<Transfer> active = new ArrayDeque<>();
    private final Deque<Transfer> arriving = new ArrayDeque<>();
    private final List<PieceResult> results = new ArrayList<>();
    private final Map<Integer, Set<Transfer>> taking = new HashMap<>();
    private int slots = PEER_SLOTS;
    private boolean sending;
    private boolean receiving;
    private boolean reporting;
    private boolean dead;
    private long started;
    private long finished = -1;
    private long sent;

    Host(Peer peer, double up, double down) {
      this.peer = peer;
      this.up = up;
      this.down = down;
    }

    double seconds() {
      return (finished - started) / 1e9;
    }

    double copiesSent() {
      return (double) sent / layout.length().getAsLong();
    }

    boolean isFinished() {
      return finished >= 0;
    }
  }

  private final class Transfer {
    private final Host taker;
    private final Host parent;
    private final int piece;
    private final long since = now;
    private long toSend;
    private long toReceive;
    private int underWay;
    private boolean over;

    Transfer(Host taker, Host parent, int piece) {
      this.taker = taker;
      this.parent = parent;
      this.piece = piece;
      toSend = layout.range(piece).length();
      toReceive = toSend;
    }
  }

  VirtualSwarm(Function<LongSupplier, Scheduler> make, long length, String idc, double cdnRate) {
    scheduler = make.apply(() -> now);
    layout = PieceLayout.of(length);
    Peer peer = peer(0, idc);
    cdn = new Host(peer, cdnRate, cdnRate);
    cdn.slots = CDN_SLOTS;
    hosts.put(peer.id(), cdn);
    scheduler.taskAdded(TASK, layout, peer);
    every(TICK, this::tick);
  }

  private static Peer peer(int number, String idc) {
    return new Peer(
        new PeerId("%032x".formatted(number)),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 1000 + number),
        idc);
  }

  /** The CDN cache has everything from the beginning. */
  VirtualSwarm cached() {
    for (int piece = 0; piece < layout.pieces(); piece++) {
      cdnGets(piece);
    }
    return this;
  }

  /** The CDN cache reads the source at this rate. */
  VirtualSwarm readAt(double rate) {
    for (int piece = 0; piece < layout.pieces(); piece++) {
      int next = piece;
      at((long) (layout.range(piece).end() * 1e9 / rate), () -> cdnGets(next));
    }
    return this;
  }

  private void cdnGets(int piece) {
    cdn.has.set(piece);
    scheduler.pieceAdded(TASK, cdn.peer.id(), piece);
    answerAll();
  }

  Host join(double seconds, String idc, double up, double down) {
    return join(seconds, idc, up, down, new BitSet());
  }

  Host join(double seconds, String idc, double up, double down, BitSet has) {
    Peer peer = peer(hosts.size(), idc);
    Host host = new Host(peer, up, down);
    host.has.or(has);
    hosts.put(peer.id(), host);
    at(
        (long) (seconds * 1e9),
        () -> {
          host.started = now;
          scheduler.peerJoined(TASK, peer, has, PieceSpan.ALL);
          finishIfComplete(host);
          answerAll();
        });
    return host;
  }

  /** The peer is cut off; its takers find out, and the supernode a lease of 15 s later. */
  void die(double seconds, Host host) {
    at(
        (long) (seconds * 1e9),
        () -> {
          host.dead = true;
          for (Host other : hosts.values()) {
            for (Set<Transfer> transfers : List.copyOf(other.taking.values())) {
              List.copyOf(transfers).stream()
                  .filter(t -> t.parent == host)
                  .forEach(t -> later(DEAD_FOUND, () -> fail(t, Outcome.UNREACHABLE)));
            }
          }
          later(
              TimeUnit.SECONDS.toNanos(15),
              () -> {
                scheduler.peerLeft(TASK, host.peer.id());
                answerAll();
              });
        });
  }

  /** Runs until all that live have everything. */
  void run() {
    while (!isOver()) {
      Event event = events.poll();
      if (event == null || event.at > LIMIT) {
        throw new AssertionError(
            "not over after %d s: %s".formatted(now / 1_000_000_000, lacking()));
      }
      now = event.at;
      event.action.run();
    }
  }

  private List<String> lacking() {
    return hosts.values().stream()
        .filter(h -> h != cdn && !h.dead && !h.isFinished())
        .map(h -> h.peer.id().hex().substring(28) + ": " + h.has.cardinality())
        .toList();
  }

  private boolean isOver() {
    return hosts.values().stream().allMatch(h -> h == cdn || h.dead || h.isFinished());
  }

  double copiesFromCdn() {
    return cdn.copiesSent();
  }

  /** Copies that went from one data centre to another. */
  double copiesCrossed() {
    return (double) crossed / layout.length().getAsLong();
  }

  int failures() {
    return failures;
  }

  private void tick() {
    scheduler.tick();
    answerAll();
  }

  private void answerAll() {
    for (List<PeerId> ready = scheduler.ready(); !ready.isEmpty(); ready = scheduler.ready()) {
      for (PeerId id : ready) {
        Host host = hosts.get(id);
        List<Plan> plans = scheduler.assign(id, PLANS_PER_ANSWER);
        later(WAY, () -> plans.forEach(plan -> ask(host, plan)));
      }
    }
  }

  private void ask(Host taker, Plan plan) {
    if (taker.dead || taker.has.get(plan.piece())) {
      return;
    }
    Host parent = hosts.get(plan.parent());
    Transfer transfer = new Transfer(taker, parent, plan.piece());
    taker.taking.computeIfAbsent(plan.piece(), p -> new LinkedHashSet<>()).add(transfer);
    if (parent.dead) {
      later(DEAD_FOUND, () -> fail(transfer, Outcome.UNREACHABLE));
    } else {
      later(WAY, () -> arrive(transfer));
    }
  }

  private void arrive(Transfer transfer) {
    Host parent = transfer.parent;
    if (parent.has.get(transfer.piece)) {
      parent.line.add(transfer);
      serve(parent);
      return;
    }
    parent.awaited.computeIfAbsent(transfer.piece, p -> new ArrayList<>()).add(transfer);
    later(
        PATIENCE,
        () -> {
          List<Transfer> waiting = parent.awaited.get(transfer.piece);
          if (waiting != null && waiting.remove(transfer)) {
            fail(transfer, Outcome.NOT_YET);
          }
        });
  }

  private void fail(Transfer transfer, Outcome outcome) {
    if (!transfer.over && !transfer.taker.dead) {
      failures++;
      end(transfer);
      report(transfer, outcome);
    }
  }

  private void end(Transfer transfer) {
    transfer.over = true;
    Set<Transfer> takes = transfer.taker.taking.get(transfer.piece);
    if (takes != null) {
      takes.remove(transfer);
    }
  }

  private void serve(Host parent) {
    parent.active.removeIf(t -> t.over || t.toSend == 0);
    parent.line.removeIf(t -> t.over);
    while (!parent.line.isEmpty() && parent.active.size() < parent.slots) {
      parent.active.add(parent.line.poll());
    }
    if (parent.sending || parent.dead) {
      return;
    }
    for (int i = 0; i < parent.active.size(); i++) {
      Transfer transfer = parent.active.poll();
      parent.active.add(transfer);
      if (transfer.underWay < CHUNKS_UNDER_WAY) {
        send(parent, transfer);
        return;
      }
    }
    // Everybody that is served now is slow, and others wait: more at once.
    if (!parent.line.isEmpty() && parent.slots < SLOTS_MOST) {
      parent.slots++;
      serve(parent);
    }
  }

  private void send(Host parent, Transfer transfer) {
    long bytes = Math.min(CHUNK, transfer.toSend);
    transfer.toSend -= bytes;
    transfer.underWay++;
    parent.sending = true;
    later(
        (long) (bytes * 1e9 / parent.up),
        () -> {
          parent.sending = false;
          parent.sent += bytes;
          if (!parent.peer.isNear(transfer.taker.peer)) {
            crossed += bytes;
          }
          if (!parent.dead) {
            transfer.taker.arriving.add(transfer);
            receive(transfer.taker);
            serve(parent);
          }
        });
  }

  private void receive(Host taker) {
    if (taker.receiving || taker.arriving.isEmpty()) {
      return;
    }
    taker.receiving = true;
    Transfer transfer = taker.arriving.poll();
    long bytes = Math.min(CHUNK, transfer.toReceive);
    later(
        (long) (bytes * 1e9 / taker.down),
        () -> {
          taker.receiving = false;
          transfer.underWay--;
          transfer.toReceive -= bytes;
          if (transfer.toReceive == 0 && !transfer.over) {
            complete(transfer);
          }
          serve(transfer.parent);
          receive(taker);
        });
  }

  private void complete(Transfer transfer) {
    Host taker = transfer.taker;
    end(transfer);
    for (Transfer other : taker.taking.getOrDefault(transfer.piece, Set.of())) {
      other.over = true;
    }
    taker.taking.remove(transfer.piece);
    taker.has.set(transfer.piece);
    report(transfer, Outcome.DONE);
    List<Transfer> waiting = taker.awaited.remove(transfer.piece);
    if (waiting != null) {
      taker.line.addAll(waiting);
      serve(taker);
    }
    finishIfComplete(taker);
  }

  private void finishIfComplete(Host host) {
    if (host.finished < 0 && host.has.cardinality() == layout.pieces()) {
      host.finished = now;
    }
  }

  private void report(Transfer transfer, Outcome outcome) {
    Host taker = transfer.taker;
    long micros = outcome == Outcome.DONE ? Math.max(1, (now - transfer.since) / 1000) : 0;
    taker.results.add(new PieceResult(transfer.piece, transfer.parent.peer.id(), outcome, micros));
    if (taker.results.size() >= PLANS_PER_ANSWER) {
      flush(taker);
    } else if (!taker.reporting) {
      taker.reporting = true;
      later(HELD, () -> flush(taker));
    }
  }

  private void flush(Host host) {
    host.reporting = false;
    List<PieceResult> results = List.copyOf(host.results);
    host.results.clear();
    later(
        WAY,
        () -> {
          if (!host.dead) {
            results.forEach(result -> scheduler.reported(TASK, host.peer.id(), result));
            answerAll();
          }
        });
  }

  private void every(long period, Runnable action) {
    later(
        period,
        () -> {
          action.run();
          every(period, action);
        });
  }

  private void later(long delay, Runnable action) {
    at(now + delay, action);
  }

  private void at(long time, Runnable action) {
    events.add(new Event(time, sequence++, action));
  }
}
