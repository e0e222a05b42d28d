package io.dragonfly.internal.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class UploadSlotsTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private final UploadSlots slots = new UploadSlots(2);
  private long now = 5;

  private UploadSlots.Slot take() {
    return Optional.ofNullable(slots.take(now)).orElseThrow();
  }

  /** Sends so many pieces one after the other, each in this time. */
  private void send(int pieces, long nanos) {
    for (int piece = 0; piece < pieces; piece++) {
      UploadSlots.Slot slot = take();
      now += nanos;
      slots.free(slot, now);
    }
  }

  @Test
  void areAsManyAsThereAreWhileAllTakersAreAboutAsFast() {
    send(20, 200 * MILLI);
    UploadSlots.Slot first = take();
    take();
    assertThat(slots.take(now)).isNull();

    now += 300 * MILLI;
    assertThat(slots.take(now)).isNull();
    slots.free(first, now);
    take();
    assertThat(slots.take(now)).isNull();
  }

  @Test
  void thatOfASlowTakerIsLentOnce() {
    send(20, 50 * MILLI);
    take();
    now += 150 * MILLI;
    take();

    assertThat(slots.nanosUntilFree(now)).isBetween(45 * MILLI, 100 * MILLI);
    now += slots.nanosUntilFree(now);
    take();
    assertThat(slots.take(now)).isNull(); // the second is not slow yet
  }

  @Test
  void aSlowUplinkLendsNone() {
    UploadSlots.Slot first = take();
    take();
    now += TimeUnit.MILLISECONDS.toNanos(1900);
    assertThat(slots.take(now)).isNull();
    slots.free(first, now);
    take();
    now += TimeUnit.SECONDS.toNanos(5);

    assertThat(slots.take(now)).isNull();
  }

  @Test
  void shortTimesSayNothing() {
    send(20, MILLI);
    take();
    take();

    assertThat(slots.nanosUntilFree(now)).isEqualTo(UploadSlots.LEAST_SLOW_NANOS);
  }

  @Test
  void areNeverMoreThanTheMost() {
    List<UploadSlots.Slot> taken = new ArrayList<>();
    while (taken.size() < UploadSlots.MOST) {
      taken.add(take());
      now += UploadSlots.FIRST_SLOW_NANOS;
    }
    assertThat(slots.take(now)).isNull();
    assertThat(slots.nanosUntilFree(now)).isEqualTo(Long.MAX_VALUE);

    slots.free(taken.get(15), now);
    slots.free(taken.get(15), now); // frees nothing more
    now += TimeUnit.MINUTES.toNanos(1);
    take();
    assertThat(slots.take(now)).isNull();
  }

  @Test
  void learnsThatAllHaveBecomeSlower() {
    send(20, 50 * MILLI);
    send(100, 400 * MILLI);
    take();
    take();
    now += 400 * MILLI;

    assertThat(slots.take(now)).isNull();
  }
}
