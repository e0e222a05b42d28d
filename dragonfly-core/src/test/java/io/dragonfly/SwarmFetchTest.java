package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.await;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.Holding;
import io.dragonfly.control.Outcome;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.fetch.ParentShare;
import io.dragonfly.internal.transfer.KeptTickets;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.testkit.FakePublication;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.Fault;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.LiveFiles;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class SwarmFetchTest {
  @TempDir Path dir;

  private ClientFixture fixture;
  private FakeSupernode supernode;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
    supernode = fixture.supernode();
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  @Test
  void aFileComesFromTheSupernode() {
    byte[] bytes = bytes(40 * PIECE + 1);
    supernode.put(URI_A, bytes);

    FetchResult result = fixture.start(fixture.of(supernode)).fetch(fixture.request().build());

    assertThat(fixture.output()).hasBinaryContent(bytes);
    assertThat(result.length()).isEqualTo(bytes.length);
    assertThat(result.bytesFromSupernode()).isEqualTo(bytes.length);
    assertThat(result.parents()).hasSize(1);
    assertThat(result.parents().get(0).bytes()).isEqualTo(bytes.length);
    assertThat(fixture.events.seen())
        .startsWith("started", "registered")
        .contains("taken 40")
        .endsWith("completed");
    assertThat(fixture.source.opened()).isEmpty();
  }

  @Test
  void eachPieceIsReportedOnce() throws Exception {
    supernode.put(URI_A, bytes(40 * PIECE));
    DistributionClient client = fixture.start(fixture.of(supernode));
    client.fetch(fixture.request().build());

    await(() -> supernode.results().size() >= 40);
    assertThat(supernode.results())
        .hasSize(40)
        .allMatch(
            result -> result.outcome() == Outcome.DONE && result.parent().equals(supernode.id()));
    assertThat(supernode.polls())
        .allMatch(poll -> poll.reports().stream().mapToInt(r -> r.results().size()).sum() <= 16);
  }

  @Test
  void aPeerThatHasAllOnlyGives() throws Exception {
    supernode.put(URI_A, bytes(2 * PIECE));
    fixture.start(fixture.of(supernode)).fetch(fixture.request().build());

    supernode.awaitPoll(
        poll ->
            poll.patience().equals(Duration.ofSeconds(30))
                && poll.reports().stream().allMatch(report -> report.wanted().isEmpty()));
  }

  @Test
  void anEmptyContentIsAnEmptyFile() {
    supernode.put(URI_A, new byte[0]);
    FetchResult result = fixture.start(fixture.of(supernode)).fetch(fixture.request().build());

    assertThat(fixture.output()).isEmptyFile();
    assertThat(result.length()).isZero();
  }

  @Test
  void aSmallContentComesWithTheAnswer() throws Exception {
    byte[] bytes = bytes(1000);
    supernode.put(URI_A, bytes).sendingContents();
    FetchResult result = fixture.start(fixture.of(supernode)).fetch(fixture.request().build());

    assertThat(fixture.output()).hasBinaryContent(bytes);
    assertThat(result.bytesFromSupernode()).isEqualTo(1000);
    assertThat(result.parents()).extracting(ParentShare::bytes).containsExactly(1000L);
    assertThat(fixture.network.takes()).isEmpty();
    supernode.awaitResult(done -> done.outcome() == Outcome.DONE && done.piece() == 0);
  }

  @Test
  void aContentOfUnknownLengthIsCompleteWithItsLastDigest() throws Exception {
    byte[] bytes = bytes((2 << 20) + 5);
    FakePublication chunked = FakePublication.withoutLength(bytes).knowing(1);
    supernode.put(ContentRequest.of(URI_A), chunked);
    DistributionClient client = fixture.start(fixture.of(supernode));
    Fetch fetch = client.start(fixture.request().build());
    await(() -> fetch.progress().bytes() == 1 << 20);
    assertThat(fetch.completion()).isNotDone();

    chunked.know(3);
    supernode.tellNews();

    assertThat(fetch.completion()).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(fixture.events.seen()).noneMatch(event -> event.startsWith("failed"));
    assertThat(fixture.output()).hasBinaryContent(bytes);
  }

  @Test
  void aRangeTakesOnlyThePiecesThatCoverIt() {
    byte[] bytes = bytes(10 * PIECE);
    supernode.put(URI_A, bytes);
    ByteRange range = ByteRange.of(3 * PIECE - 7, 5 * PIECE + 9);
    FetchResult result =
        fixture.start(fixture.of(supernode)).fetch(fixture.request().range(range).build());

    assertThat(fixture.output())
        .hasBinaryContent(java.util.Arrays.copyOfRange(bytes, 3 * PIECE - 7, 5 * PIECE + 9));
    assertThat(result.length()).isEqualTo(range.length());
    assertThat(fixture.network.takes()).hasSize(4);
    assertThat(supernode.registrations().get(0).range()).contains(range);
    assertThat(supernode.polls().stream().flatMap(p -> p.reports().stream()).map(r -> r.wanted()))
        .contains(new PieceSpan(2, 6));
  }

  @Test
  void aRangeBehindTheEndIsNotFound() {
    supernode.put(URI_A, bytes(100));
    DistributionClient client = fixture.start(fixture.of(supernode));

    assertThatThrownBy(() -> client.fetch(fixture.request().range(ByteRange.of(100, 200)).build()))
        .isInstanceOf(ContentNotFoundException.class)
        .hasMessageContaining("it has 100 bytes");
    assertThat(fixture.output()).doesNotExist();
  }

  @Test
  void aRangeThatReachesBeyondTheEndStopsThere() {
    byte[] bytes = bytes(100);
    supernode.put(URI_A, bytes);
    fixture
        .start(fixture.of(supernode))
        .fetch(fixture.request().range(ByteRange.of(90, 200)).build());
    assertThat(fixture.output()).hasBinaryContent(java.util.Arrays.copyOfRange(bytes, 90, 100));
  }

  @Test
  void aParentWithWrongBytesIsReportedAndThePieceTakenAgain() throws Exception {
    byte[] bytes = bytes(3 * PIECE);
    supernode.put(URI_A, bytes);
    fixture.network.inject(supernode.id(), Fault.wrongBytes(), 1);
    fixture.start(fixture.of(supernode)).fetch(fixture.request().build());

    assertThat(fixture.output()).hasBinaryContent(bytes);
    supernode.awaitResult(result -> result.outcome() == Outcome.DIGEST_MISMATCH);
    assertThat(fixture.network.takes()).hasSize(4);
  }

  @Test
  void whatAParentDoesNotGiveIsTakenAgain() throws Exception {
    byte[] bytes = bytes(3 * PIECE);
    supernode.put(URI_A, bytes);
    DistributionClient client = fixture.start(fixture.of(supernode));
    for (Fault fault :
        List.of(Fault.refuse(), Fault.notYet(), Fault.unreachable(), Fault.dropAfter(1000))) {
      fixture.network.inject(supernode.id(), fault, 2);
      Path output = dir.resolve("out-" + fault.end().orElseThrow().outcome() + fault.afterBytes());
      client.fetch(fixture.request().output(output).range(ByteRange.of(0, bytes.length)).build());
      assertThat(output).hasBinaryContent(bytes);
    }
  }

  @Test
  void aSourcesRefusalReachesTheCaller() {
    supernode.refuse(URI_A, new AccessRefusedException("no", 401, List.of("Basic")));
    AccessRefusedException refusal =
        catchThrowableOfType(
            AccessRefusedException.class,
            () -> fixture.start(fixture.of(supernode)).fetch(fixture.request().build()));
    assertThat(refusal.status()).isEqualTo(401);
    assertThat(fixture.events.seen()).containsExactly("started", "failed");
  }

  @Test
  void aVersionThatEndedFailsTheFetchAndIsNotKept() throws Exception {
    supernode.put(ContentRequest.of(URI_A), FakePublication.of(bytes(3 * PIECE)).knowing(1));
    DistributionClient client = fixture.start(fixture.of(supernode));
    Fetch fetch = client.start(fixture.request().build());
    await(() -> fetch.progress().bytes() == PIECE);
    supernode.fail(supernode.task(URI_A).id(), new SourceChangedException("it changed"));

    assertThat(fetch.completion())
        .failsWithin(10, TimeUnit.SECONDS)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withCauseInstanceOf(SourceChangedException.class);
    await(() -> LiveFiles.named("data", dir.resolve("home")).isEmpty());
  }

  @Test
  void aSupernodeThatCannotBeReachedIsNamed() {
    InetSocketAddress nowhere = new InetSocketAddress("127.0.0.1", 1);
    DistributionClient client =
        fixture.start(fixture.alone().supernodes(List.of(nowhere)).transport(fixture.transport()));
    assertThatThrownBy(() -> client.fetch(fixture.request().build()))
        .isInstanceOf(SupernodeUnreachableException.class)
        .hasMessageContaining("127.0.0.1:1")
        .hasMessageNotContaining("\n");
  }

  @Test
  void theNextSupernodeIsAskedWhenTheFirstIsNotThere() {
    FakeSupernode second = fixture.supernode();
    second.put(URI_A, bytes(PIECE));
    supernode.fallSilent();
    FetchResult result =
        fixture.start(fixture.of(supernode, second)).fetch(fixture.request().build());
    assertThat(result.bytesFromSupernode()).isEqualTo(PIECE);
    assertThat(second.registrations()).hasSize(1);
  }

  @Test
  void aSupernodeThatForgotIsToldAgain() throws Exception {
    byte[] bytes = bytes(3 * PIECE);
    FakePublication publication = FakePublication.of(bytes).knowing(1);
    supernode.put(ContentRequest.of(URI_A), publication);
    Fetch fetch = fixture.start(fixture.of(supernode)).start(fixture.request().build());
    await(() -> fetch.progress().bytes() == PIECE);
    supernode.forgetPeers();
    supernode.fallSilent();
    supernode.comeBack();

    supernode.awaitRegistrations(2);
    assertThat(supernode.registrations().get(1).ticket())
        .contains("ticket of " + supernode.registrations().get(0).caller().id());
    assertThat(supernode.registrations().get(1).holdings().get(0).pieces().get(0)).isTrue();
    publication.know(3);
    supernode.tellNews();
    assertThat(fetch.completion()).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(fixture.output()).hasBinaryContent(bytes);
    assertThat(fixture.events.seen()).contains("supernodeLost");
  }

  @Test
  void anotherClientOfTheSameHomeGoesOnFromItsPieces() throws Exception {
    byte[] bytes = bytes(5 * PIECE);
    FakePublication publication = FakePublication.of(bytes).knowing(2);
    supernode.put(ContentRequest.of(URI_A), publication);
    try (DistributionClient first = new DistributionClient(fixture.of(supernode).build())) {
      Fetch fetch = first.start(fixture.request().build());
      await(() -> fetch.progress().bytes() == 2 * PIECE);
    }
    publication.know(5);
    FetchResult result = fixture.start(fixture.of(supernode)).fetch(fixture.request().build());

    assertThat(fixture.output()).hasBinaryContent(bytes);
    assertThat(result.bytesFromStore()).isEqualTo(2 * PIECE);
    assertThat(result.bytesFromSupernode()).isEqualTo(3 * PIECE);
    assertThat(supernode.registrations().get(1).holdings().get(0).pieces().cardinality())
        .isEqualTo(2);
    assertThat(supernode.leaves()).anyMatch(leave -> leave.task().isEmpty());
  }

  @Test
  void whatTheStoreHoldsIsOffered() throws Exception {
    supernode.put(URI_A, bytes(2 * PIECE));
    try (DistributionClient first = new DistributionClient(fixture.of(supernode).build())) {
      first.fetch(fixture.request().build());
    }
    fixture.start(fixture.of(supernode));
    supernode.awaitOffers(1);
    assertThat(supernode.offers().get(0).holdings().get(0).task())
        .isEqualTo(supernode.task(URI_A).id());
    supernode.awaitPoll(poll -> poll.patience().equals(Duration.ofSeconds(30)));
  }

  @Test
  void aHomeThatHoldsVeryMuchIsOfferedInSeveralCalls() throws Exception {
    byte[] one = bytes(1);
    MessageDigest sha = Digest.newSha256();
    sha.update(one);
    Digest digest = Digest.of(sha);
    InetSocketAddress address = supernode.address();
    Path home = Files.createDirectories(fixture.output().resolveSibling("home"));
    KeptTickets tickets = KeptTickets.in(home.resolve("tickets"), Clock.systemUTC());
    try (MemoryStorage storage = new MemoryStorage()) {
      for (int i = 0; i < 7000; i++) {
        Task task =
            Task.of(
                ContentRequest.of(URI.create("https://source.test/" + i)).key(),
                new SourceVersion(Optional.of("\"v\""), OptionalLong.of(1)),
                Optional.empty(),
                "");
        StoredTask stored = storage.create(task);
        stored.write(0, ByteBuffer.wrap(one));
        stored.seal(0, digest);
        tickets.keep(address.getHostString() + ":" + address.getPort(), task.id(), "ticket-" + i);
      }
      tickets.save();
      fixture.start(fixture.of(supernode).storage(storage));
      supernode.awaitOffers(3);
      assertThat(supernode.offers().subList(0, 3))
          .allMatch(offer -> offer.holdings().size() < 4000)
          .flatExtracting(AnnounceRequest::holdings)
          .extracting(Holding::task)
          .doesNotHaveDuplicates()
          .hasSize(7000);
    }
  }

  @Test
  void whatOthersFoundWrongIsGivenToNobodyBeforeItWasRead() throws Exception {
    supernode.put(URI_A, bytes(3 * PIECE));
    List<String> calls = new CopyOnWriteArrayList<>();
    try (Storage storage = ForwardingStorage.recordingReads(new MemoryStorage(), calls)) {
      DistributionClient client = fixture.start(fixture.of(supernode).storage(storage));
      client.fetch(fixture.request().build());
      calls.clear();
      supernode.complain(supernode.task(URI_A).id(), 1);

      await(() -> calls.contains("read 1"));
      assertThat(calls).containsExactly("suspect 1", "read 1");
    }
  }

  @Test
  void afterThreeDamagedPiecesAllAreVerified() throws Exception {
    supernode.put(URI_A, bytes(6 * PIECE));
    AtomicBoolean damaged = new AtomicBoolean();
    Set<Integer> read = ConcurrentHashMap.newKeySet();
    try (Storage storage =
        new ForwardingStorage(new MemoryStorage(), task -> damaged(task, damaged, read))) {
      DistributionClient client = fixture.start(fixture.of(supernode).storage(storage));
      client.fetch(fixture.request().build());
      damaged.set(true);
      for (int piece = 0; piece < 3; piece++) {
        supernode.complain(supernode.task(URI_A).id(), piece);
        int complained = piece;
        await(() -> read.contains(complained));
      }

      await(() -> read.containsAll(Set.of(0, 1, 2, 3, 4, 5)));
    }
  }

  /** The first three pieces of a task, wrong from a point on. */
  private static StoredTask damaged(StoredTask right, AtomicBoolean damaged, Set<Integer> read) {
    return new ForwardingStorage.ForwardingTask(right) {
      @Override
      public PieceRegion region(ByteRange range) throws IOException {
        PieceRegion region = super.region(range);
        if (!damaged.get()) {
          return region;
        }
        try (region) {
          int piece = task().layout().pieceAt(range.start());
          byte[] bytes = region.readAll();
          bytes[0] += piece < 3 ? 1 : 0;
          read.add(piece);
          return PieceRegion.ofMemory(ByteBuffer.wrap(bytes), () -> {});
        }
      }
    };
  }

  @Test
  void thePatternCdnGivesToNobody() throws Exception {
    supernode.put(URI_A, bytes(PIECE));
    DistributionClient client = fixture.start(fixture.of(supernode));
    client.fetch(fixture.request().pattern(FetchMode.CDN).build());

    assertThat(supernode.registrations().get(0).caller().address().getPort()).isZero();
    await(() -> !supernode.leaves().isEmpty());
    assertThat(supernode.leaves().get(0).task()).contains(supernode.task(URI_A).id());
    assertThat(fixture.network.takes().get(0).child())
        .isEqualTo(supernode.registrations().get(0).caller().id());
  }

  @Test
  void thePatternSourceAsksNoSupernode() {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes);
    FetchResult result =
        fixture
            .start(fixture.of(supernode))
            .fetch(fixture.request().pattern(FetchMode.SOURCE).build());
    assertThat(result.bytesFromSource()).isEqualTo(bytes.length);
    assertThat(supernode.registrations()).isEmpty();
  }

  @Test
  void whatIsAssignedBeforeTheRegistrationIsAnsweredIsNotLost() throws Exception {
    byte[] other = bytes(PIECE);
    byte[] bytes = bytes(5 * PIECE);
    URI otherUri = URI.create("https://source.test/other");
    supernode.put(otherUri, other).put(URI_A, bytes);
    DistributionClient client = fixture.start(fixture.of(supernode));
    client.fetch(otherUri.toString(), dir.resolve("other"));
    supernode.awaitPoll(poll -> poll.patience().equals(Duration.ofSeconds(30)));
    supernode.answeringRegistrationsLate();
    Fetch fetch = client.start(fixture.request().build());
    supernode.awaitRegistrations(2);
    int polls = supernode.polls().size();
    supernode.tellNews();
    supernode.awaitPoll(poll -> supernode.polls().size() > polls);
    supernode.answerRegistrations();

    assertThat(fetch.completion()).succeedsWithin(10, TimeUnit.SECONDS);
    assertThat(fixture.output()).hasBinaryContent(bytes);
  }

  @Test
  void aRegistrationThatNobodyWaitsForIsTakenBack() throws Exception {
    supernode.put(URI_A, bytes(PIECE)).answeringRegistrationsLate();
    Fetch fetch = fixture.start(fixture.of(supernode)).start(fixture.request().build());
    supernode.awaitRegistrations(1);
    fetch.cancel();
    await(() -> fetch.completion().isDone());
    supernode.answerRegistrations();
    assertThat(fetch.completion()).isCompletedExceptionally();
    await(
        () ->
            supernode.leaves().stream()
                .anyMatch(leave -> leave.task().equals(Optional.of(supernode.task(URI_A).id()))));
  }

  @Test
  void aClientThatClosesTakesBackTheRegistrationOnItsWay() throws Exception {
    supernode.put(URI_A, bytes(PIECE)).answeringRegistrationsLate();
    DistributionClient client = fixture.start(fixture.of(supernode));
    client.start(fixture.request().build());
    supernode.awaitRegistrations(1);
    client.close();
    assertThat(supernode.leaves()).anyMatch(leave -> leave.task().isEmpty());
  }
}
