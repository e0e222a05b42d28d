package io.dragonfly.internal.rate;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;

/**
 * What the processes of a host share about their limit: for each direction the time at which all
 * that was granted so far is paid for, and for each process the rate that it gives and when it was
 * last seen. Each is one word that is changed by compare-and-set alone. So there is no lock that a
 * killed process could hold, and a process that is not seen for {@link #ALIVE} is forgotten.
 *
 * <p>Times are {@link System#nanoTime}, which all processes of a host have in common. Safe for
 * concurrent use, also by other processes on the same memory.
 */
final class LimitWords {
  static final int BYTES = 4096;

  /** Which word is whose. */
  enum Direction {
    DOWN(64),
    UP(128);

    private final int offset;

    Direction(int offset) {
      this.offset = offset;
    }
  }

  /** A process that is not seen for so long is gone. */
  static final Duration ALIVE = Duration.ofSeconds(3);

  /** The first word of memory that has this layout. */
  static final long MAGIC = 0x44464C494D495401L;

  private static final int MAGIC_OFFSET = 0;
  private static final int SLOTS_OFFSET = 1024;
  private static final int SLOTS = (BYTES - SLOTS_OFFSET) / Long.BYTES;
  private static final long TICK_NANOS = Duration.ofMillis(100).toNanos();
  private static final int ALIVE_TICKS = (int) (ALIVE.toNanos() / TICK_NANOS);
  private static final VarHandle WORD =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private final ByteBuffer memory;

  /**
   * Words in a direct buffer of {@link #BYTES}; all zero is a good beginning.
   *
   * @throws IllegalArgumentException if the memory has another layout
   */
  LimitWords(ByteBuffer memory) {
    this.memory = memory;
    if (!cas(MAGIC_OFFSET, 0, MAGIC) && get(MAGIC_OFFSET) != MAGIC) {
      throw new IllegalArgumentException("it has another layout");
    }
  }

  /** Words that no other process sees. */
  static LimitWords alone() {
    return new LimitWords(ByteBuffer.allocateDirect(BYTES));
  }

  /**
   * Takes the next free time, not before {@code from}, and returns when it ends. A time that lies
   * further ahead than {@code mostAhead} was left by another clock, and is forgotten.
   */
  long reserve(Direction direction, long from, long now, long cost, long mostAhead) {
    while (true) {
      long end = get(direction.offset);
      long begin = end - now > mostAhead ? now : Math.max(end, from);
      if (cas(direction.offset, end, begin + cost)) {
        return begin + cost;
      }
    }
  }

  /** What the processes that are alive say. */
  record Seen(float lowest, int alive) {}

  /** Returns the lowest rate of those that are alive, infinite if none has any. */
  Seen look(long now) {
    return look(now, Place.NONE);
  }

  /** The same, but the rate of the process that has a place does not count. */
  Seen look(long now, Place self) {
    float lowest = Float.POSITIVE_INFINITY;
    int alive = 0;
    for (int slot = 0; slot < SLOTS; slot++) {
      long word = get(offset(slot));
      if (isAlive(word, now)) {
        if (slot != self.slot) {
          lowest = Math.min(lowest, Float.intBitsToFloat((int) (word >>> 32)));
        }
        alive++;
      }
    }
    return new Seen(lowest, alive);
  }

  /**
   * Says that a process is alive, in the place that it has or in a free one.
   *
   * @param place where the process said so before, empty the first time
   * @param bytesPerSecond the rate that it gives, infinite for none
   * @return where it said so now; without a slot if none is free
   */
  Place show(Place place, float bytesPerSecond, long now) {
    long word = ((long) Float.floatToIntBits(bytesPerSecond) << 32) | (tick(now) & 0xFFFF_FFFFL);
    // Another process may have the slot by now, if this one was stopped for a while.
    if (place.slot >= 0 && cas(offset(place.slot), place.word, word)) {
      return new Place(place.slot, word);
    }
    for (int slot = 0; slot < SLOTS; slot++) {
      long old = get(offset(slot));
      if (!isAlive(old, now) && cas(offset(slot), old, word)) {
        return new Place(slot, word);
      }
    }
    return Place.NONE;
  }

  /** Gives a process's slot back. */
  void leave(Place place) {
    if (place.slot >= 0) {
      cas(offset(place.slot), place.word, 0);
    }
  }

  /** Where a process said what. */
  record Place(int slot, long word) {
    static final Place NONE = new Place(-1, 0);
  }

  private static boolean isAlive(long word, long now) {
    int age = tick(now) - (int) word;
    return word != 0 && age <= ALIVE_TICKS && age >= -ALIVE_TICKS;
  }

  private static int tick(long nanos) {
    return (int) Math.floorDiv(nanos, TICK_NANOS);
  }

  private static int offset(int slot) {
    return SLOTS_OFFSET + slot * Long.BYTES;
  }

  private long get(int offset) {
    return (long) WORD.getVolatile(memory, offset);
  }

  private boolean cas(int offset, long before, long after) {
    return WORD.compareAndSet(memory, offset, before, after);
  }
}
