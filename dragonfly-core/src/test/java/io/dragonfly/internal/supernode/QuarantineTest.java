package io.dragonfly.internal.supernode;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.AdminApi.Isolation;
import io.dragonfly.control.Caller;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.internal.queue.Place;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who is isolated, for how long, and who cannot bring it about. */
class QuarantineTest {
  private static final TaskId TASK = new TaskId("1".repeat(64));
  private static final int PEERS = 100;

  private final Quarantine quarantine = new Quarantine();
  private final Session bad = at("192.0.2.1");
  private final Session one = at("192.0.2.2");
  private final Session two = at("192.0.2.3");
  private long now = Duration.ofDays(1).toNanos();

  private static Session at(String address) {
    try {
      InetAddress ip = InetAddress.getByName(address);
      return new Session(
          new Caller(PeerSecret.random(new SecureRandom()), new InetSocketAddress(ip, 1), ""),
          Place.of(ip));
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  private boolean accuse(Session reporter, Session accused, Outcome outcome, int piece) {
    return accuse(reporter, accused, outcome, piece, 5);
  }

  private boolean accuse(
      Session reporter, Session accused, Outcome outcome, int piece, int thanked) {
    PieceResult result = new PieceResult(piece, accused.id(), outcome, 0);
    return quarantine.accuse(reporter, accused, TASK, result, thanked, PEERS, now);
  }

  private void wrongBytes() {
    accuse(one, bad, Outcome.DIGEST_MISMATCH, 0);
    accuse(two, bad, Outcome.DIGEST_MISMATCH, 1);
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }

  @Test
  void twoUnrelatedReportersOfWrongBytesIsolate() {
    assertThat(accuse(one, bad, Outcome.DIGEST_MISMATCH, 0)).isFalse();
    assertThat(accuse(two, bad, Outcome.DIGEST_MISMATCH, 0)).isTrue();
    assertThat(quarantine.isIsolated(bad.id())).isTrue();
    Isolation isolation = quarantine.isolation(bad.id(), now).orElseThrow();
    assertThat(isolation.left()).isEqualTo(Quarantine.FIRST);
    assertThat(isolation.reason()).isEqualTo("peers that complain: 2, of {DIGEST_MISMATCH=2}");
  }

  @Test
  void nobodyIsolatesAnotherAloneHoweverOftenItComplains() {
    for (int piece = 0; piece < 1000; piece++) {
      assertThat(accuse(one, bad, Outcome.DIGEST_MISMATCH, piece)).isFalse();
    }
  }

  @Test
  void oneMachineCountsOnceHoweverManyPeersItPretendsToBe() {
    for (int i = 0; i < 50; i++) {
      assertThat(accuse(at("192.0.2.9"), bad, Outcome.DIGEST_MISMATCH, i)).isFalse();
      assertThat(accuse(at("2001:db8::" + i), one, Outcome.DIGEST_MISMATCH, i)).isFalse();
    }
  }

  @Test
  void aMachineWithBothFamiliesOfAddressesCountsOnce() {
    for (int i = 0; i < 50; i++) {
      assertThat(accuse(at("192.0.2.9"), bad, Outcome.DIGEST_MISMATCH, i)).isFalse();
      assertThat(accuse(at("2001:db8::9"), bad, Outcome.DIGEST_MISMATCH, i)).isFalse();
    }
    assertThat(accuse(at("2001:db8:1::9"), bad, Outcome.DIGEST_MISMATCH, 0)).isTrue();
  }

  @Test
  void whatIsNoProofOfWrongBytesMustBeSeenMoreOften() {
    assertThat(accuse(one, bad, Outcome.STALLED, 0)).isFalse();
    assertThat(accuse(two, bad, Outcome.UNREACHABLE, 0)).isFalse();
    assertThat(accuse(one, bad, Outcome.REFUSED, 1)).isFalse();
    assertThat(accuse(two, bad, Outcome.STALLED, 1)).isTrue();
  }

  @Test
  void oldComplaintsDoNotCount() {
    accuse(one, bad, Outcome.DIGEST_MISMATCH, 0);
    pass(Quarantine.MEMORY.plusMillis(1));
    assertThat(accuse(two, bad, Outcome.DIGEST_MISMATCH, 0)).isFalse();
  }

  @Test
  void whoTakesAPieceTakesItsComplaintBack() {
    accuse(one, bad, Outcome.STALLED, 0);
    accuse(one, bad, Outcome.STALLED, 1);
    quarantine.thank(one.id(), bad.id());
    accuse(two, bad, Outcome.STALLED, 0);
    assertThat(accuse(two, bad, Outcome.STALLED, 1)).isFalse();
  }

  @Test
  void theTimeGrowsWithRepetitionUpToABound() {
    List<Duration> times = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      wrongBytes();
      times.add(quarantine.isolation(bad.id(), now).orElseThrow().left());
      pass(times.get(i).minusMillis(1));
      assertThat(quarantine.ended(now)).isEmpty();
      pass(Duration.ofMillis(1));
      assertThat(quarantine.ended(now)).containsExactly(bad.id());
      assertThat(quarantine.isIsolated(bad.id())).isFalse();
    }
    assertThat(times)
        .extracting(Duration::toSeconds)
        .containsExactly(10L, 20L, 40L, 80L, 160L, 320L, 600L, 600L);
  }

  @Test
  void afterItsTimeOneComplaintIsEnough() {
    wrongBytes();
    pass(Quarantine.FIRST);
    quarantine.ended(now);
    assertThat(accuse(one, bad, Outcome.STALLED, 0)).isTrue();
  }

  @Test
  void aPieceThatItGivesEndsItsProbation() {
    wrongBytes();
    pass(Quarantine.FIRST);
    quarantine.ended(now);
    quarantine.thank(two.id(), bad.id());
    assertThat(accuse(one, bad, Outcome.STALLED, 0)).isFalse();
  }

  @Test
  void whoWasGoodForLongIsIsolatedForAShortTimeAgain() {
    wrongBytes();
    pass(Quarantine.FIRST);
    quarantine.ended(now);
    pass(Quarantine.RECORD.plusMillis(1));
    wrongBytes();
    assertThat(quarantine.isolation(bad.id(), now).orElseThrow().times()).isEqualTo(1);
  }

  @Test
  void whoFindsTheDamageItselfIsNotIsolatedForIt() {
    accuse(one, bad, Outcome.DIGEST_MISMATCH, 7);
    quarantine.withdrawn(bad.id(), TASK, 7);
    assertThat(accuse(two, bad, Outcome.DIGEST_MISMATCH, 8)).isFalse();

    accuse(one, bad, Outcome.DIGEST_MISMATCH, 9);
    assertThat(quarantine.isIsolated(bad.id())).isTrue();
    assertThat(quarantine.withdrawn(bad.id(), TASK, 9)).isTrue();
    assertThat(quarantine.isIsolated(bad.id())).isFalse();
  }

  @Test
  void whoAccusesEveryoneIsNotBelieved() {
    for (int i = 10; i < 20; i++) {
      assertThat(accuse(one, at("192.0.2." + i), Outcome.DIGEST_MISMATCH, 0, 1)).isFalse();
    }
    accuse(one, bad, Outcome.DIGEST_MISMATCH, 0, 1);
    assertThat(accuse(two, bad, Outcome.DIGEST_MISMATCH, 0)).isFalse();
    assertThat(quarantine.isolation(one.id(), now).orElseThrow().doubted()).isTrue();
    assertThat(accuse(at("192.0.2.4"), bad, Outcome.DIGEST_MISMATCH, 0)).isTrue();
  }

  @Test
  void whoAccusesManyWithReasonIsBelieved() {
    for (int i = 10; i < 30; i++) {
      Session other = at("192.0.2." + i);
      accuse(two, other, Outcome.DIGEST_MISMATCH, 0, 30);
      assertThat(accuse(one, other, Outcome.DIGEST_MISMATCH, 0, 0)).isTrue();
    }
  }

  @Test
  void notEverybodyCanBeBad() {
    int isolated = 0;
    for (int i = 1; i <= PEERS; i++) {
      Session each = at("198.51.100." + i);
      accuse(one, each, Outcome.DIGEST_MISMATCH, 0, PEERS);
      isolated += accuse(two, each, Outcome.DIGEST_MISMATCH, 0, PEERS) ? 1 : 0;
    }
    assertThat(isolated).isEqualTo(PEERS / 2);
  }

  @Test
  void nothingIsRememberedOfThoseWhoAreGood() {
    wrongBytes();
    pass(Quarantine.FIRST);
    quarantine.ended(now);
    pass(Quarantine.RECORD.plus(Quarantine.MEMORY));
    quarantine.ended(now);
    assertThat(quarantine.isolation(bad.id(), now)).isEmpty();
    assertThat(quarantine.known()).isZero();
  }
}
