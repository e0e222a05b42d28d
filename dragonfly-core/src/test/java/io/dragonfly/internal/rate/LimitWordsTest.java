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
    assertThat(words.lowestRate(NOW)).isEqualTo(1000f);
    assertThat(words.lowestRate(NOW, slow)).isEqualTo(5000f);
    words.leave(slow);
    assertThat(words.lowestRate(NOW)).isEqualTo(5000f);
    words.show(fast, 500f, NOW);
    assertThat(words.lowestRate(NOW)).isEqualTo(500f);
  }

  @Test
  void whoIsNotSeenIsGoneAndItsPlaceIsFree() {
    Place killed = words.show(Place.NONE, 1000f, NOW);
    assertThat(words.lowestRate(LATER)).isInfinite();
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
    assertThat(words.lowestRate(LATER)).isEqualTo(1000f);
    assertThat(words.lowestRate(LATER, back)).isEqualTo(7000f);
  }

  @Test
  void whoFindsNoPlaceIsNotSeen() {
    Place place = words.show(Place.NONE, 1000f, NOW);
    int places = 0;
    while (place.slot() >= 0) {
      places++;
      place = words.show(Place.NONE, 1000f, NOW);
    }
    assertThat(places).isEqualTo(480);
    words.leave(place);
    assertThat(words.lowestRate(NOW)).isEqualTo(1000f);
  }

  @Test
  void whatAnotherClockLeftIsNotAlive() {
    words.show(Place.NONE, 1000f, NOW);
    assertThat(words.lowestRate(0)).isInfinite();
  }

  @Test
  void allWhoWantTimeGetTheSame() {
    Place one = words.show(Place.NONE, 1000f, NOW);
    Place other = words.show(Place.NONE, 1000f, NOW);
    words.advance(Direction.UP, one, NOW);
    words.want(Direction.UP, one, 10);
    words.want(Direction.UP, other, 1000);
    words.advance(Direction.UP, one, NOW - LimitWords.BURST.toNanos() + 30);
    assertThat(words.level(Direction.UP)).isEqualTo(20); // 10 for each, then 10 for the other
    assertThat(words.level(Direction.DOWN)).isZero();
    assertThat(words.wanting(Direction.UP, one, NOW).processes()).isEqualTo(1);
  }

  @Test
  void timeIsHandedOutAheadForABurstAtMost() {
    words.advance(Direction.UP, Place.NONE, NOW);
    long burst = LimitWords.BURST.toNanos();
    assertThat(words.handOutAhead(Direction.UP, NOW, burst)).isEqualTo(burst); // what was kept
    assertThat(words.handOutAhead(Direction.UP, NOW, burst - 1)).isEqualTo(burst - 1);
    assertThat(words.handOutAhead(Direction.UP, NOW, 10)).isEqualTo(1);
    assertThat(words.handOutAhead(Direction.UP, NOW, 10)).isZero();
    assertThat(words.ahead(Direction.UP, NOW)).isEqualTo(burst);
  }

  @Test
  void memoryOfAnotherLayoutIsRefused() {
    ByteBuffer other = ByteBuffer.allocateDirect(LimitWords.BYTES).order(ByteOrder.nativeOrder());
    other.putLong(0, LimitWords.MAGIC + 1);
    assertThatThrownBy(() -> new LimitWords(other)).isInstanceOf(IllegalArgumentException.class);
  }
}
