package io.dragonfly.scheduler.simulator;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An uplink: it sends one chunk of each active request in turn. The other requests wait, and their
 * tasks take turns. If all active requests are limited by their children, more become active. As an
 * event it is the end of a chunk.
 */
final class Uplink extends Event {
  private static final int SLOTS_MOST = 16;

  private final VirtualSwarm swarm;
  private final double nanosPerByte;

  /** Waiting requests by the number of their task, and the tasks that have any, in turn. */
  private final List<Deque<Transfer>> waiting = new ArrayList<>(1);

  private final Deque<Deque<Transfer>> turns = new ArrayDeque<>();
  private final List<Transfer> active = new ArrayList<>();
  private final int slots;
  private int sendable;
  private int turn;
  private int nextTurn;
  private @Nullable Transfer sending;
  private long bytes;
  private long wakeAt = Long.MAX_VALUE;
  private boolean isCut;

  Uplink(VirtualSwarm swarm, double bytesPerSecond, int slots) {
    this.swarm = swarm;
    this.slots = slots;
    nanosPerByte = 1e9 / bytesPerSecond;
  }

  void add(Transfer transfer) {
    int task = transfer.to.task().number();
    while (waiting.size() <= task) {
      waiting.add(new ArrayDeque<>());
    }
    Deque<Transfer> line = waiting.get(task);
    if (line.isEmpty()) {
      turns.add(line);
    }
    line.add(transfer);
    if (sending == null) {
      sendNext();
    }
  }

  /** Stops all uploads. Bytes in flight stay there. */
  void cut(Consumer<Transfer> lost) {
    isCut = true;
    waiting.forEach(line -> line.forEach(lost));
    active.forEach(lost);
  }

  @Override
  void happen() {
    Transfer sent = sending;
    sending = null;
    if (isCut || sent == null) {
      return;
    }
    swarm.sent(sent, bytes);
    if (sent.chunkSent(bytes)) {
      int place = active.indexOf(sent);
      active.remove(place);
      turn -= place < turn ? 1 : 0;
    }
    sendNext();
  }

  private void sendNext() {
    if (isCut) {
      return;
    }
    Transfer next = next();
    if (next != null) {
      turn = nextTurn;
      sending = next;
      bytes = next.chunk();
      swarm.timeline().after((long) (bytes * nanosPerByte), this);
    }
  }

  /** Returns the transfer whose chunk is next, among the first that can accept one. */
  private @Nullable Transfer next() {
    while (true) {
      active.removeIf(Transfer::isOver);
      Transfer next = nextActive();
      if (sendable >= slots || active.size() >= SLOTS_MOST || !activate()) {
        return next;
      }
    }
  }

  private boolean activate() {
    while (!turns.isEmpty()) {
      Deque<Transfer> line = turns.remove();
      Transfer first = line.remove();
      if (!line.isEmpty()) {
        turns.add(line);
      }
      if (!first.isOver()) {
        active.add(first);
        return true;
      }
    }
    return false;
  }

  private @Nullable Transfer nextActive() {
    long now = swarm.timeline().now();
    long earliest = Long.MAX_VALUE;
    Transfer next = null;
    sendable = 0;
    for (int i = 0; i < active.size(); i++) {
      int place = (turn + i) % active.size();
      Transfer transfer = active.get(place);
      if (transfer.sendableAt() <= now) {
        sendable++;
        if (next == null) {
          next = transfer;
          nextTurn = place + 1;
        }
      } else {
        earliest = Math.min(earliest, transfer.sendableAt());
      }
    }
    if (next == null) {
      wakeAt(earliest);
    }
    return next;
  }

  private void wakeAt(long time) {
    if (time < wakeAt) {
      wakeAt = time;
      swarm.timeline().at(time, this::wake);
    }
  }

  private void wake() {
    wakeAt = Long.MAX_VALUE;
    if (sending == null) {
      sendNext();
    }
  }
}
