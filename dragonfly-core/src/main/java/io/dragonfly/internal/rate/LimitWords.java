package io.dragonfly.internal.rate;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;

/**
 * The shared state of a host limit. Each process has a slot with its rate and the time it was last
 * seen. Each direction has a clock and a level, and each slot has a level per direction.
 *
 * <p>The clock is the time up to which the host's time has been handed out. Handing out {@code t}
 * nanoseconds to {@code n} processes raises the level of the direction by {@code t/n}. A process
 * wants time until the level of the direction has reached its own. So all processes that want time
 * get the same, whatever the number of their connections.
 *
 * <p>Each value is one word and is changed by compare-and-set. So a killed process leaves no lock
 * behind. It is forgotten after {@link #ALIVE}. Times are {@link System#nanoTime}, which is the
 * same for all processes of a host. Safe for concurrent use, also by several processes.
 */
final class LimitWords {
  static final int BYTES = 16 << 10;

  /** The words of a direction. */
  enum Direction {
    DOWN(64, Long.BYTES),
    UP(128, 2 * Long.BYTES);

    private final int clock;
    private final int level;
    private final int inSlot;

    Direction(int offset, int inSlot) {
      this.clock = offset;
      this.level = offset + Long.BYTES;
      this.inSlot = inSlot;
    }
  }

  /** Time after which a process that was not seen is gone. */
  static final Duration ALIVE = Duration.ofSeconds(3);

  /** Host time that is kept if no process wants it, and that can be handed out in advance. */
  static final Duration BURST = Duration.ofMillis(100);

  /** The first word of memory that has this layout. */
  static final long MAGIC = 0x44464C494D495402L;

  /** A clock further ahead than this was left by another boot. */
  private static final long MOST_AHEAD = BURST.plusSeconds(1).toNanos();

  private static final long BURST_NANOS = BURST.toNanos();
  private static final int MAGIC_OFFSET = 0;
  private static final int SLOTS_OFFSET = 1024;
  private static final int SLOT_BYTES = 4 * Long.BYTES;
  private static final int SLOTS = (BYTES - SLOTS_OFFSET) / SLOT_BYTES;

  /** A slot that was given back. Zero is a slot that was never used, and so were those after it. */
  private static final long FREE = 1;

  private static final long TICK_NANOS = Duration.ofMillis(100).toNanos();
  private static final int ALIVE_TICKS = (int) (ALIVE.toNanos() / TICK_NANOS);
  private static final VarHandle WORD =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private final ByteBuffer memory;

  /**
   * Words in a direct buffer of {@link #BYTES}. All zeros is the initial state.
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

  /** Returns the level of a direction: nanoseconds of the host's time per process so far. */
  long level(Direction direction) {
    return get(direction.level);
  }

  /** Sets the level up to which a process wants to get time. */
  void want(Direction direction, Place place, long level) {
    WORD.setVolatile(memory, offset(place.slot) + direction.inSlot, level);
  }

  /**
   * Hands out the host's time up to now to the processes that want some.
   *
   * @param self this process, which is alive
   */
  void advance(Direction direction, Place self, long now) {
    while (true) {
      long clock = get(direction.clock);
      long passed = now - clock;
      if (passed < -MOST_AHEAD) {
        cas(direction.clock, clock, now);
        return;
      }
      Wanting wanting = passed > 0 ? wanting(direction, self, now) : Wanting.NONE;
      if (wanting.processes == 0) {
        if (passed <= BURST_NANOS || cas(direction.clock, clock, now - BURST_NANOS)) {
          return;
        }
        continue;
      }
      long each = Math.min(passed / wanting.processes, wanting.least);
      if (each == 0) {
        return;
      }
      if (cas(direction.clock, clock, clock + each * wanting.processes)) {
        WORD.getAndAdd(memory, direction.level, each);
      }
    }
  }

  /**
   * Hands out time in advance, to a process that got less than others lately.
   *
   * @return nanoseconds that were handed out, at most {@code most}
   */
  long handOutAhead(Direction direction, long now, long most) {
    while (true) {
      long clock = get(direction.clock);
      long ahead = Math.min(most, now + BURST_NANOS - clock);
      if (ahead <= 0 || cas(direction.clock, clock, clock + ahead)) {
        return Math.max(0, ahead);
      }
    }
  }

  /** Returns nanoseconds until time is handed out again. */
  long ahead(Direction direction, long now) {
    return Math.max(0, get(direction.clock) - now);
  }

  /**
   * The processes that want time.
   *
   * @param processes their number
   * @param least what the one that wants least wants
   */
  record Wanting(int processes, long least) {
    static final Wanting NONE = new Wanting(0, 0);
  }

  /**
   * Returns the processes that are alive and want time.
   *
   * @param self this process, which is alive
   */
  Wanting wanting(Direction direction, Place self, long now) {
    long level = get(direction.level);
    long least = Long.MAX_VALUE;
    int processes = 0;
    for (int slot = 0; slot < SLOTS; slot++) {
      long word = get(offset(slot));
      if (word == 0) {
        break;
      }
      long wanted = get(offset(slot) + direction.inSlot) - level;
      if (wanted > 0 && (slot == self.slot || isAlive(word, now))) {
        processes++;
        least = Math.min(least, wanted);
      }
    }
    return new Wanting(processes, least);
  }

  /** Returns the lowest rate of the processes that are alive, infinite if none has any. */
  float lowestRate(long now) {
    return lowestRate(now, Place.NONE);
  }

  /** The same without the process that has a place. */
  float lowestRate(long now, Place self) {
    float lowest = Float.POSITIVE_INFINITY;
    for (int slot = 0; slot < SLOTS; slot++) {
      long word = get(offset(slot));
      if (word == 0) {
        break;
      }
      if (slot != self.slot && isAlive(word, now)) {
        lowest = Math.min(lowest, Float.intBitsToFloat((int) (word >>> 32)));
      }
    }
    return lowest;
  }

  /**
   * Shows that a process is alive, in the place that it has or in a free one.
   *
   * @param place the result of the last call, {@link Place#NONE} at first
   * @param bytesPerSecond the rate of this process, infinite for none
   * @return the place of the process now, {@link Place#NONE} if none is free
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
        Place found = new Place(slot, word);
        for (Direction direction : Direction.values()) {
          want(direction, found, level(direction));
        }
        return found;
      }
    }
    return Place.NONE;
  }

  /** Gives the slot of a process back. */
  void leave(Place place) {
    if (place.slot >= 0) {
      cas(offset(place.slot), place.word, FREE);
    }
  }

  /** The slot of a process, and the word that it last wrote there. */
  record Place(int slot, long word) {
    static final Place NONE = new Place(-1, 0);
  }

  private static boolean isAlive(long word, long now) {
    int age = tick(now) - (int) word;
    return word >>> 32 != 0 && age <= ALIVE_TICKS && age >= -ALIVE_TICKS;
  }

  private static int tick(long nanos) {
    return (int) Math.floorDiv(nanos, TICK_NANOS);
  }

  private static int offset(int slot) {
    return SLOTS_OFFSET + slot * SLOT_BYTES;
  }

  private long get(int offset) {
    return (long) WORD.getVolatile(memory, offset);
  }

  private boolean cas(int offset, long before, long after) {
    return WORD.compareAndSet(memory, offset, before, after);
  }
}
