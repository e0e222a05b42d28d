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
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A swarm that costs next to nothing itself, so that the scheduler can be measured: an uplink sends
 * one piece after the other, all that happens in one millisecond is reported at its end, and each
 * taker asks for work as soon as it may have some. Its time is nobody else's; the simulator is what
 * looks like a network.
 */
final class SteppedSwarm {
  private static final TaskId TASK = new TaskId("ab".repeat(32));
  private static final int MILLIS_KEPT = 1 << 14;
  private static final int NONE = -1;
  private static final int PLANS = 16;
  private static final long MILLI = 1_000_000;
  private static final long WAY = 2 * MILLI;

  private final PieceLayout layout;
  private final long nanosPerPiece;
  private final Scheduler scheduler = new PlannedScheduler(() -> this.now);
  private final Peer[] peers;
  private final Map<PeerId, Integer> numbers = new HashMap<>();
  private final BitSet[] has;
  private final int[] missing;
  private final long[] uplinkFree;

  /** The transfers that end in each millisecond, and those that wait for a piece at a parent. */
  private final int[] ending = new int[MILLIS_KEPT];

  private final int[][] waiting;

  // Transfers by number; each is in one chain at a time.
  private int[] next = {NONE};
  private int[] child = {0};
  private int[] parent = {0};
  private int[] piece = {0};
  private int free;

  private long now;
  private int unfinished;
  private long assigned;

  SteppedSwarm(int count, long lengthBytes, double bytesPerSecond) {
    layout = PieceLayout.of(lengthBytes);
    nanosPerPiece = (long) (layout.pieceLength() * 1e9 / bytesPerSecond);
    unfinished = count;
    peers = new Peer[count + 1];
    has = new BitSet[count + 1];
    missing = new int[count + 1];
    uplinkFree = new long[count + 1];
    waiting = new int[count + 1][layout.pieces()];
    Arrays.fill(ending, NONE);
    for (int number = 0; number <= count; number++) {
      peers[number] = peer(number);
      numbers.put(peers[number].id(), number);
      has[number] = new BitSet(layout.pieces());
      missing[number] = layout.pieces();
      Arrays.fill(waiting[number], NONE);
    }
  }

  private static Peer peer(int number) {
    InetAddress address = InetAddress.getLoopbackAddress();
    return new Peer(
        new PeerId("%032x".formatted(number)),
        new InetSocketAddress(address, 1 + number % 60_000),
        "");
  }

  /** Runs until all have everything; returns how many pieces were assigned. */
  long run() {
    scheduler.taskAdded(TASK, layout, peers[0]);
    for (int number = 0; number < layout.pieces(); number++) {
      has[0].set(number);
      scheduler.pieceAdded(TASK, peers[0].id(), number);
    }
    for (int number = 1; number < peers.length; number++) {
      scheduler.peerJoined(TASK, peers[number], new BitSet(), PieceSpan.ALL);
    }
    assignAll();
    for (long milli = 1; unfinished > 0; milli++) {
      step(milli);
    }
    return assigned;
  }

  private void step(long milli) {
    now = milli * MILLI;
    int place = (int) (milli % MILLIS_KEPT);
    int transfer = ending[place];
    ending[place] = NONE;
    while (transfer != NONE) {
      int after = next[transfer];
      end(transfer);
      transfer = after;
    }
    if (milli % 100 == 0) {
      scheduler.tick();
    }
    assignAll();
  }

  private void end(int transfer) {
    int to = child[transfer];
    int what = piece[transfer];
    PeerId from = peers[parent[transfer]].id();
    next[transfer] = free;
    free = transfer;
    if (!has[to].get(what)) {
      has[to].set(what);
      unfinished -= --missing[to] == 0 ? 1 : 0;
      int asked = waiting[to][what];
      waiting[to][what] = NONE;
      while (asked != NONE) {
        int after = next[asked];
        send(asked);
        asked = after;
      }
    }
    scheduler.reported(TASK, peers[to].id(), new PieceResult(what, from, Outcome.DONE, 1000));
  }

  private void assignAll() {
    for (List<PeerId> ready = scheduler.ready(); !ready.isEmpty(); ready = scheduler.ready()) {
      for (PeerId id : ready) {
        List<Plan> plans = scheduler.assign(id, PLANS);
        assigned += plans.size();
        for (Plan plan : plans) {
          ask(number(id), number(plan.parent()), plan.piece());
        }
      }
    }
  }

  private int number(PeerId id) {
    Integer number = numbers.get(id);
    if (number == null) {
      throw new IllegalStateException("nobody is " + id);
    }
    return number;
  }

  private void ask(int from, int of, int what) {
    if (next[free] == NONE) {
      grow();
    }
    int transfer = free;
    free = next[transfer];
    child[transfer] = from;
    parent[transfer] = of;
    piece[transfer] = what;
    if (has[of].get(what)) {
      send(transfer);
    } else {
      next[transfer] = waiting[of][what];
      waiting[of][what] = transfer;
    }
  }

  private void grow() {
    int size = next.length;
    next = Arrays.copyOf(next, 2 * size);
    child = Arrays.copyOf(child, 2 * size);
    parent = Arrays.copyOf(parent, 2 * size);
    piece = Arrays.copyOf(piece, 2 * size);
    next[free] = size;
    for (int transfer = size; transfer < 2 * size; transfer++) {
      next[transfer] = transfer + 1 < 2 * size ? transfer + 1 : NONE;
    }
  }

  private void send(int transfer) {
    int from = parent[transfer];
    long end = Math.max(now + WAY, uplinkFree[from]) + nanosPerPiece;
    uplinkFree[from] = end;
    int place = (int) (end / MILLI % MILLIS_KEPT);
    next[transfer] = ending[place];
    ending[place] = transfer;
  }
}
