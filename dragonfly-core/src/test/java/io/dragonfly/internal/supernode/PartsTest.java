package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static io.dragonfly.internal.supernode.TestSupernode.sha256;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Assignment;
import io.dragonfly.control.Caller;
import io.dragonfly.control.Terms;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.internal.access.ChildAddresses;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.Requester;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.FirstComeScheduler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The small parts, one by one. */
class PartsTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private static ChildAddresses at(InetAddress address) {
    return new ChildAddresses(address, Optional.empty());
  }

  private static final Instant NOW = FakeTicker.START;

  private final FakeTicker ticker = new FakeTicker();

  @Test
  void assignmentsInEqualStepsBecomeOneLine() {
    AssignmentLines lines = new AssignmentLines();
    for (int[] each :
        new int[][] {{3, 1}, {5, 1}, {7, 1}, {8, 1}, {9, 2}, {10, 2}, {4, 2}, {4, 3}}) {
      lines.add(each[0], each[1]);
    }
    assertThat(lines.lines())
        .containsExactly(
            new Assignment(3, 2, 3, 1),
            new Assignment(8, 1, 1, 1),
            new Assignment(9, 1, 2, 2),
            new Assignment(4, 1, 1, 2),
            new Assignment(4, 1, 1, 3));
    assertThat(new AssignmentLines().lines()).isEmpty();
  }

  @Test
  void digestsArePublishedAsFarAsTheyHaveNoGap() {
    PublishedDigests list = new PublishedDigests();
    list.add(1, sha256(bytes(1)));
    list.add(3, sha256(bytes(3)));
    assertThat(list.published()).isZero();
    assertThat(list.from(0, 10)).isEqualTo(PieceDigests.NONE);
    list.add(0, sha256(bytes(10)));
    assertThat(list.published()).isEqualTo(2);
    list.add(0, sha256(bytes(11)));
    assertThat(list.from(0, 10).digest(0)).isEqualTo(sha256(bytes(10)));
    list.add(2, sha256(bytes(2)));
    assertThat(list.published()).isEqualTo(4);
    assertThat(list.from(1, 2).first()).isEqualTo(1);
    assertThat(list.from(1, 2).end()).isEqualTo(3);
    assertThat(list.from(4, 2)).isEqualTo(PieceDigests.NONE);
  }

  private static Holder holder(int port) {
    return new Holder(
        new Peer(PeerSecret.random(new SecureRandom()).id(), new InetSocketAddress(HERE, port), ""),
        new byte[32]);
  }

  @Test
  void aParentIsDescribedOnceAndAgainWhenHalfOverMovedOrLost() throws Exception {
    Parents parents = new Parents();
    Holder one = holder(1);
    Holder two = holder(2);
    Instant half = NOW.plus(SupernodeSettings.CAPABILITY_LIFE.dividedBy(2));
    assertThat(parents.draft(one, at(HERE), NOW)).map(ParentDraft::number).hasValue(0);
    assertThat(parents.draft(two, at(HERE), NOW)).map(ParentDraft::number).hasValue(1);
    assertThat(parents.draft(one, at(HERE), half.minusSeconds(1))).isEmpty();
    assertThat(parents.draft(one, at(HERE), half)).map(ParentDraft::number).hasValue(0);
    assertThat(parents.draft(one, at(HERE), half)).isEmpty();

    InetAddress elsewhere = InetAddress.getByAddress(new byte[] {10, 0, 0, 1});
    assertThat(parents.draft(one, at(elsewhere), half)).map(ParentDraft::number).hasValue(0);
    Holder moved = one.at(holder(3).peer());
    assertThat(one.at(one.peer())).isSameAs(one);
    assertThat(parents.number(moved.peer().id())).isNegative();

    parents.forget();
    assertThat(parents.draft(one, at(elsewhere), half)).map(ParentDraft::number).hasValue(0);
    assertThat(parents.contact(two, half).number()).isEqualTo(1);
    assertThat(parents.contact(moved, half).number()).isEqualTo(2);
  }

  @Test
  void onlyTheLastParentsAreRemembered() {
    Parents parents = new Parents();
    Holder first = holder(1);
    parents.draft(first, at(HERE), NOW);
    for (int i = 0; i < 64; i++) {
      parents.draft(holder(i + 2), at(HERE), NOW);
    }
    assertThat(parents.draft(first, at(HERE), NOW)).map(ParentDraft::number).hasValue(65);
  }

  @Test
  void theWindowFollowsTheDigests() {
    Member member = new Member(null, null);
    int most = SupernodeSettings.MOST_DIGESTS;
    member.want(PieceSpan.ALL);
    assertThat(member.toAnnounce()).hasValue(new PieceSpan(0, most));
    member.digestsKnown = 100;
    assertThat(member.toAnnounce()).isEmpty();
    member.digestsKnown = most / 2;
    assertThat(member.toAnnounce()).hasValue(new PieceSpan(0, most + most / 2));
    member.want(new PieceSpan(10, 20));
    assertThat(member.toAnnounce()).hasValue(new PieceSpan(10, 20));
    assertThat(member.toAnnounce()).isEmpty();
    member.want(new PieceSpan(100_000, 100_001));
    assertThat(member.toAnnounce()).hasValue(PieceSpan.NONE);
  }

  @Test
  void oneAnswerTellsOfNoMoreThanACallCanCarry() {
    int pieces = SupernodeSettings.MOST_DIGESTS;
    Session session =
        new Session(
            new Caller(PeerSecret.random(new SecureRandom()), new InetSocketAddress(HERE, 1), ""),
            HostKey.of(HERE));
    for (int i = 0; i < 10; i++) {
      Task task =
          Task.of(
              ContentRequest.of(URI.create("https://host/" + i)).key(),
              new SourceVersion(Optional.of("\"v\""), OptionalLong.of((long) pieces * (16 << 20))),
              Optional.empty(),
              "");
      SwarmTask swarm = new SwarmTask(task);
      IntStream.range(0, pieces)
          .forEach(
              piece -> swarm.digests.add(piece, TestSupernode.sha256(new byte[] {(byte) piece})));
      Member member = new Member(session, swarm);
      member.isNamed = true;
      session.news.add(member);
    }
    Drafts drafts =
        new Drafts(
            new FirstComeScheduler(),
            new Queues(new FirstComeScheduler(), () -> false),
            id -> null);
    Terms terms = new Terms(session.id(), NOW, Duration.ofSeconds(1));

    int tasks = 0;
    for (int calls = 1; tasks < 10; calls++) {
      ResponseDraft draft = drafts.draft(session, List.of(), terms).orElseThrow();
      assertThat(draft.tasks().stream().mapToInt(t -> t.digests().count()).sum())
          .isLessThanOrEqualTo(SupernodeSettings.MOST_NEWS_DIGESTS);
      tasks += draft.tasks().size();
      assertThat(calls).isLessThan(10);
    }
    assertThat(drafts.draft(session, List.of(), terms)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 503})
  void noMoreQuestionsAreInFlightThanAHostCanTake(int status) {
    HostLimiter gates = new HostLimiter(100, 4, 3, ticker);
    List<Integer> started = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      int number = i;
      assertThat(gates.enter("host", () -> started.add(number))).isTrue();
    }
    assertThat(gates.enter("host", () -> started.add(7))).isFalse();
    assertThat(gates.enter("other", () -> started.add(8))).isTrue();
    assertThat(started).containsExactly(0, 1, 2, 3, 8);

    SourceFailedException tooMany = new SourceFailedException("busy", status, Optional.empty());
    gates.done("host", Optional.of(tooMany)); // 2 from now on, and 3 are still in flight
    gates.done("host", Optional.empty());
    assertThat(started).hasSize(5);
    gates.done("host", Optional.empty());
    assertThat(started).endsWith(4);
    for (int i = 0; i < 40; i++) {
      gates.done("host", Optional.empty()); // it answers again, so it may be asked more again
      gates.enter("host", () -> started.add(99));
    }
    for (int i = 0; i < 4; i++) {
      gates.done("host", Optional.empty());
    }
    started.clear();
    for (int i = 0; i < 5; i++) {
      gates.enter("host", () -> started.add(1));
    }
    assertThat(started).hasSize(4);
    gates.done("unheard of", Optional.empty());
  }

  @ParameterizedTest
  @ValueSource(ints = {302, 500})
  void aFailureOfTheContentIsNoReasonToAskLess(int status) {
    HostLimiter gates = new HostLimiter(100, 2, 0, ticker);
    gates.enter("host", () -> {});
    gates.done("host", Optional.of(new SourceFailedException("broken", status, Optional.empty())));
    gates.enter("host", () -> {});
    assertThat(gates.enter("host", () -> {})).isTrue();
  }

  @Test
  void aSilentHostIsAskedLessAndThatIsForgottenInTime() {
    HostLimiter gates = new HostLimiter(100, 4, 10, ticker);
    SourceFailedException silent = new SourceFailedException("no answer", null);
    for (int i = 0; i < 4; i++) {
      gates.enter("host", () -> {});
    }
    for (int i = 0; i < 4; i++) {
      gates.done("host", Optional.of(silent));
    }
    assertThat(startedOf(gates, "host")).isEqualTo(1);
    assertThat(startedOf(gates, "other")).isEqualTo(4);
    ticker.advance(Duration.ofMinutes(11));
    assertThat(startedOf(gates, "host")).isEqualTo(4);
  }

  @Test
  void hostsTakeTurnsWhereAllThreadsAreTaken() {
    HostLimiter gates = new HostLimiter(2, 2, 10, ticker);
    List<String> started = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      gates.enter("host" + i % 2, () -> started.add("asked"));
    }
    gates.enter("late", () -> started.add("late"));
    assertThat(started).hasSize(2);

    for (int i = 0; i < 3; i++) {
      gates.done("host" + i % 2, Optional.empty());
    }
    assertThat(started).containsExactly("asked", "asked", "asked", "asked", "late");
  }

  /** Asks four times at once, and has all fail for reasons that say nothing about the host. */
  private static int startedOf(HostLimiter gates, String host) {
    List<Integer> started = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int number = i;
      gates.enter(host, () -> started.add(number));
    }
    int atOnce = started.size();
    Optional<Throwable> broken =
        Optional.of(new SourceFailedException("broken", 500, Optional.empty()));
    for (int i = 0; i < 4; i++) {
      gates.done(host, broken);
    }
    return atOnce;
  }

  @Test
  void fingerprintsTellCredentialsApart() {
    Fingerprints fingerprints = new Fingerprints(new SecureRandom());
    ContentRequest plain = ContentRequest.of(URI.create("https://host/a?sig=1"));
    ContentRequest other = ContentRequest.of(URI.create("https://host/a?sig=2"));
    ContentRequest alice = plain.withHeaders(Headers.NONE.with("Authorization", "alice"));
    List<String> prints =
        List.of(
            fingerprints.access(plain, Requester.PRIVATE_NETWORK).fingerprint(),
            fingerprints.access(plain, Requester.THIS_PROCESS).fingerprint(),
            fingerprints.access(other, Requester.PRIVATE_NETWORK).fingerprint(),
            fingerprints.access(alice, Requester.PRIVATE_NETWORK).fingerprint());
    assertThat(prints).doesNotHaveDuplicates();
    assertThat(fingerprints.access(alice, Requester.PRIVATE_NETWORK).fingerprint())
        .isEqualTo(prints.get(3));
    assertThat(
            new Fingerprints(new SecureRandom())
                .access(alice, Requester.PRIVATE_NETWORK)
                .fingerprint())
        .isNotEqualTo(prints.get(3));
    assertThat(fingerprints.access(alice, Requester.PRIVATE_NETWORK).toString())
        .doesNotContain("alice");
  }
}
