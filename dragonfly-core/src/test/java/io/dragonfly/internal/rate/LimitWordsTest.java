package io.dragonfly.internal.rate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.internal.rate.LimitWords.Direction;
import io.dragonfly.internal.rate.LimitWords.Place;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LimitWordsTest {
  private static final long NOW = Duration.ofDays(400).toNanos();
  private static final long LATER =
      NOW + LimitWords.ALIVE.toNanos() + Duration.ofMillis(200).toNanos();

  private final LimitWords words = LimitWords.alone();

  @Test
  void theLowestRateOfThoseAliveHolds() {
    Place slow = words.show(Place.NONE, 1000f, NOW);
    Place fast = words.show(Place.NONE, 5000f, NOW);
    assertThat(words.look(NOW)).isEqualTo(new LimitWords.Seen(1000f, 2));
    words.show(fast, 500f, NOW);
    assertThat(words.look(NOW).lowest()).isEqualTo(500f);
    words.leave(slow);
    assertThat(words.look(NOW).alive()).isEqualTo(1);
  }

  @Test
  void whoIsNotSeenIsGoneAndItsPlaceIsFree() {
    Place killed = words.show(Place.NONE, 1000f, NOW);
    assertThat(words.look(LATER)).isEqualTo(new LimitWords.Seen(Float.POSITIVE_INFINITY, 0));
    Place next = words.show(Place.NONE, 7000f, LATER);
    assertThat(next.slot()).isEqualTo(killed.slot());
  }

  @Test
  void whoWasStoppedForAWhileFindsAnotherPlace() {
    Place stopped = words.show(Place.NONE, 1000f, NOW);
    Place other = words.show(Place.NONE, 7000f, LATER);
    Place back = words.show(stopped, 1000f, LATER);
    assertThat(back.slot()).isNotEqualTo(other.slot());
    words.leave(stopped); // no longer its own
    assertThat(words.look(LATER)).isEqualTo(new LimitWords.Seen(1000f, 2));
  }

  @Test
  void whoFindsNoPlaceIsNotSeen() {
    Place place = words.show(Place.NONE, 1000f, NOW);
    int places = 0;
    while (place.slot() >= 0) {
      places++;
      place = words.show(Place.NONE, 1000f, NOW);
    }
    assertThat(places).isEqualTo(384);
    assertThat(words.look(NOW).alive()).isEqualTo(384);
    words.leave(place);
    assertThat(words.look(NOW).alive()).isEqualTo(384);
  }

  @Test
  void whatAnotherClockLeftIsNotAlive() {
    words.show(Place.NONE, 1000f, NOW);
    assertThat(words.look(0).alive()).isZero();
  }

  @Test
  void timesFollowEachOther() {
    assertThat(words.reserve(Direction.UP, NOW, NOW, 10, 1000)).isEqualTo(NOW + 10);
    assertThat(words.reserve(Direction.UP, NOW, NOW, 10, 1000)).isEqualTo(NOW + 20);
    assertThat(words.reserve(Direction.UP, NOW + 500, NOW + 500, 10, 1000)).isEqualTo(NOW + 510);
    assertThat(words.reserve(Direction.DOWN, NOW, NOW, 10, 1000)).isEqualTo(NOW + 10);
  }

  @Test
  void memoryOfAnotherLayoutIsRefused() {
    ByteBuffer other = ByteBuffer.allocateDirect(LimitWords.BYTES).order(ByteOrder.nativeOrder());
    other.putLong(0, LimitWords.MAGIC + 1);
    assertThatThrownBy(() -> new LimitWords(other)).isInstanceOf(IllegalArgumentException.class);
  }
}
