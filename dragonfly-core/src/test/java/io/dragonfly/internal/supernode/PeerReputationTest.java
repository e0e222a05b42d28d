package io.dragonfly.internal.supernode;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.AdminApi.Isolation;
import io.dragonfly.control.Caller;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who is isolated, for how long, and who cannot bring it about. */
class PeerReputationTest {
  private static final TaskId TASK = new TaskId("1".repeat(64));
  private static final int PEERS = 100;

  private final PeerReputation reputation = new PeerReputation();
  private final Session bad = at("192.0.2.1");
  private final Session one = at("192.0.2.2");
  private final Session two = at("192.0.2.3");
  private long now = Duration.ofDays(1).toNanos();

  @BeforeEach
  void manyPlaces() {
    for (int i = 0; i < PEERS - 3; i++) {
      reputation.came(at("203.0.113." + i));
    }
    List.of(bad, one, two).forEach(reputation::came);
  }

  private static Session at(String address) {
    try {
      InetAddress ip = InetAddress.getByName(address);
      return new Session(
          new Caller(PeerSecret.random(new SecureRandom()), new InetSocketAddress(ip, 1), ""),
          HostKey.of(ip));
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
    return reputation.accuse(reporter, accused, TASK, result, thanked, now);
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
    assertThat(reputation.isIsolated(bad.id())).isTrue();
    Isolation isolation = reputation.isolation(bad.id(), now).orElseThrow();
    assertThat(isolation.left()).isEqualTo(PeerReputation.FIRST);
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
    pass(PeerReputation.MEMORY.plusMillis(1));
    assertThat(accuse(two, bad, Outcome.DIGEST_MISMATCH, 0)).isFalse();
  }

  @Test
  void whoTakesAPieceTakesItsComplaintBack() {
    accuse(one, bad, Outcome.STALLED, 0);
    accuse(one, bad, Outcome.STALLED, 1);
    reputation.thank(one.id(), bad.id());
    accuse(two, bad, Outcome.STALLED, 0);
    assertThat(accuse(two, bad, Outcome.STALLED, 1)).isFalse();
  }

  @Test
  void theTimeGrowsWithRepetitionUpToABound() {
    List<Duration> times = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      wrongBytes();
      times.add(reputation.isolation(bad.id(), now).orElseThrow().left());
      pass(times.get(i).minusMillis(1));
      assertThat(reputation.ended(now)).isEmpty();
      pass(Duration.ofMillis(1));
      assertThat(reputation.ended(now)).containsExactly(bad.id());
      assertThat(reputation.isIsolated(bad.id())).isFalse();
    }
    assertThat(times)
        .extracting(Duration::toSeconds)
        .containsExactly(10L, 20L, 40L, 80L, 160L, 320L, 600L, 600L);
  }

  @Test
  void afterItsTimeOneComplaintIsEnough() {
    wrongBytes();
    pass(PeerReputation.FIRST);
    reputation.ended(now);
    assertThat(accuse(one, bad, Outcome.STALLED, 0)).isTrue();
  }

  @Test
  void aPieceThatItGivesEndsItsProbation() {
    wrongBytes();
    pass(PeerReputation.FIRST);
    reputation.ended(now);
    reputation.thank(two.id(), bad.id());
    assertThat(accuse(one, bad, Outcome.STALLED, 0)).isFalse();
  }

  @Test
  void whoWasGoodForLongIsIsolatedForAShortTimeAgain() {
    wrongBytes();
    pass(PeerReputation.FIRST);
    reputation.ended(now);
    pass(PeerReputation.RECORD.plusMillis(1));
    wrongBytes();
    assertThat(reputation.isolation(bad.id(), now).orElseThrow().times()).isEqualTo(1);
  }

  @Test
  void whoFindsTheDamageItselfIsNotIsolatedForIt() {
    accuse(one, bad, Outcome.DIGEST_MISMATCH, 7);
    reputation.withdrawn(bad.id(), TASK, 7, now);
    assertThat(accuse(two, bad, Outcome.DIGEST_MISMATCH, 8)).isFalse();

    accuse(one, bad, Outcome.DIGEST_MISMATCH, 9);
    assertThat(reputation.isIsolated(bad.id())).isTrue();
    assertThat(reputation.withdrawn(bad.id(), TASK, 9, now)).isTrue();
    assertThat(reputation.isIsolated(bad.id())).isFalse();
  }

  @Test
  void whoWithdrawsPieceAfterPieceIsForgivenAFewOnly() {
    for (int piece = 0; piece < PeerReputation.MOST_FORGIVEN; piece++) {
      accuse(one, bad, Outcome.DIGEST_MISMATCH, piece);
      accuse(two, bad, Outcome.DIGEST_MISMATCH, piece);
      assertThat(reputation.withdrawn(bad.id(), TASK, piece, now)).isTrue();
    }
    accuse(one, bad, Outcome.DIGEST_MISMATCH, 7);
    accuse(two, bad, Outcome.DIGEST_MISMATCH, 7);
    assertThat(reputation.withdrawn(bad.id(), TASK, 7, now)).isFalse();
    assertThat(reputation.isIsolated(bad.id())).isTrue();
  }

  @Test
  void aWithdrawnPieceIsForgottenWithTheComplaints() {
    for (int piece = 0; piece < 10 * PeerReputation.MOST_FORGIVEN; piece++) {
      accuse(one, bad, Outcome.DIGEST_MISMATCH, piece);
      reputation.withdrawn(bad.id(), TASK, piece, now);
      pass(PeerReputation.MEMORY.dividedBy(PeerReputation.MOST_FORGIVEN).plusMillis(1));
      assertThat(accuse(two, bad, Outcome.DIGEST_MISMATCH, piece)).isFalse();
      reputation.thank(two.id(), bad.id());
    }
    pass(PeerReputation.MEMORY.plusMillis(1));
    reputation.ended(now);
    assertThat(reputation.known()).isZero();
  }

  @Test
  void toWithdrawOnePieceDropsNoComplaintOfAnother() {
    wrongBytes(); // of two pieces
    assertThat(reputation.withdrawn(bad.id(), TASK, 0, now)).isTrue();
    assertThat(accuse(one, bad, Outcome.DIGEST_MISMATCH, 2)).isTrue();
  }

  @Test
  void toWithdrawAPieceEndsNoProbation() {
    wrongBytes();
    pass(PeerReputation.FIRST);
    reputation.ended(now);
    accuse(one, bad, Outcome.DIGEST_MISMATCH, 0);
    assertThat(reputation.withdrawn(bad.id(), TASK, 0, now)).isTrue();
    assertThat(accuse(two, bad, Outcome.STALLED, 0)).isTrue();
  }

  @Test
  void whoAccusesEveryoneIsNotBelieved() {
    for (int i = 10; i < 20; i++) {
      assertThat(accuse(one, at("192.0.2." + i), Outcome.DIGEST_MISMATCH, 0, 1)).isFalse();
    }
    accuse(one, bad, Outcome.DIGEST_MISMATCH, 0, 1);
    assertThat(accuse(two, bad, Outcome.DIGEST_MISMATCH, 0)).isFalse();
    assertThat(reputation.isolation(one.id(), now).orElseThrow().doubted()).isTrue();
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
    PeerReputation all = new PeerReputation();
    List<Session> peers = arrive(all, "198.51.100.", PEERS, 1);
    assertThat(isolate(all, peers)).isEqualTo(PEERS / 2);
  }

  /** Isolates as many as it may of these peers, and returns how many those are. */
  private int isolate(PeerReputation in, List<Session> peers) {
    int isolated = 0;
    for (Session each : peers) {
      for (Session reporter : List.of(one, two)) {
        PieceResult wrong = new PieceResult(0, each.id(), Outcome.DIGEST_MISMATCH, 0);
        isolated += in.accuse(reporter, each, TASK, wrong, PEERS, now) ? 1 : 0;
      }
    }
    return isolated;
  }

  /** Peers that are there: so many at each of so many places. */
  private static List<Session> arrive(PeerReputation in, String network, int places, int each) {
    List<Session> peers = new ArrayList<>();
    for (int i = 0; i < places * each; i++) {
      peers.add(at(network + (1 + i % places)));
    }
    peers.forEach(in::came);
    return peers;
  }

  @Test
  void theManyPeersOfOneMachineKeepNoOtherFromBeingIsolated() {
    PeerReputation few = new PeerReputation();
    List<Session> crowd = arrive(few, "192.0.2.9", 1, 50);
    List<Session> others = arrive(few, "198.51.100.", 9, 1);
    assertThat(isolate(few, crowd)).isEqualTo(50);
    assertThat(isolate(few, others)).isEqualTo(4); // with the crowd, half of ten places
  }

  @Test
  void theManyPeersOfOneMachineLetNoMoreOthersBeIsolated() {
    PeerReputation few = new PeerReputation();
    arrive(few, "192.0.2.9", 1, 50);
    List<Session> others = arrive(few, "198.51.100.", 9, 1);
    assertThat(isolate(few, others)).isEqualTo(5);
  }

  @Test
  void aPlaceCountsByTheShareOfItsPeersThatIsIsolated() {
    PeerReputation large = new PeerReputation();
    List<Session> peers = arrive(large, "198.51.100.", 4, 10);
    assertThat(isolate(large, peers)).isEqualTo(20);
  }

  @Test
  void whoHasLeftDoesNotCountUntilItComesBack() {
    PeerReputation few = new PeerReputation();
    List<Session> peers = arrive(few, "198.51.100.", 4, 1);
    assertThat(isolate(few, peers.subList(0, 2))).isEqualTo(2);
    assertThat(isolate(few, peers.subList(2, 3))).isZero();

    peers.subList(0, 2).forEach(few::left);
    assertThat(isolate(few, peers.subList(2, 3))).isEqualTo(1);

    few.came(peers.get(0));
    assertThat(isolate(few, peers.subList(3, 4))).isZero();
    pass(PeerReputation.FIRST);
    assertThat(few.ended(now)).hasSize(3);
    assertThat(isolate(few, peers.subList(3, 4))).isEqualTo(1);
  }

  @Test
  void nothingIsRememberedOfThoseWhoAreGood() {
    wrongBytes();
    pass(PeerReputation.FIRST);
    reputation.ended(now);
    pass(PeerReputation.RECORD.plus(PeerReputation.MEMORY));
    reputation.ended(now);
    assertThat(reputation.isolation(bad.id(), now)).isEmpty();
    assertThat(reputation.known()).isZero();
  }
}
