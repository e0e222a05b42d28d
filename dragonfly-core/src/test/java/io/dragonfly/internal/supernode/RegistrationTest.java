package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.content;
import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static io.dragonfly.internal.supernode.TestSupernode.sha256;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.error.StorageException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.Trust;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class RegistrationTest {
  private static final String ALICE = "Basic alice";
  private static final String BOB = "Basic bob";

  private final FakeSource source = new FakeSource();
  private TestSupernode supernode = new TestSupernode.Setup().source(source).start();

  @AfterEach
  void close() {
    supernode.close();
    assertThat(source.openStreams()).isZero();
  }

  @Test
  void aThousandRegistrationsCostTheSourceOneCopy() {
    byte[] content = bytes(5 * PIECE + 1);
    source.put(FILE, content).stallProbes(FILE);
    List<CompletableFuture<RegisterResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      answers.add(new TestPeer(supernode).register(FILE));
    }
    source.resume(FILE);

    assertThat(answers.stream().map(a -> get(a).task().id()).distinct()).hasSize(1);
    awaitBytesRead(content.length);
    assertThat(source.opened()).hasSize(1);
    awaitProbes(1); // whether it is still the same version
  }

  @Test
  void anErrorOfTheStoreFailsTheRegistrationAndTheNextOneBeginsAnew() {
    supernode.close();
    AtomicBoolean isBroken = new AtomicBoolean(true);
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.storage =
        new ForwardingStorage(new MemoryStorage(), task -> task) {
          @Override
          public StoredTask create(Task task) throws IOException {
            if (isBroken.getAndSet(false)) {
              throw new NoClassDefFoundError("plugin/Missing");
            }
            return super.create(task);
          }
        };
    supernode = setup.start();
    source.put(FILE, bytes(PIECE));
    assertThat(new TestPeer(supernode).register(FILE))
        .failsWithin(20, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(StorageException.class);
    assertThat(get(new TestPeer(supernode).register(FILE)).task().layout().length())
        .hasValue(PIECE);
  }

  @Test
  void aThousandUsersAreAskedForOneByOneAndCostOneCopy() {
    byte[] content = bytes(5 * PIECE);
    source.put(FILE, content);
    IntStream.range(0, 1000).forEach(i -> source.allow(FILE, "Basic user" + i));
    List<CompletableFuture<RegisterResponse>> answers =
        IntStream.range(0, 1000)
            .mapToObj(i -> new TestPeer(supernode).register(content(FILE, "Basic user" + i)))
            .toList();

    assertThat(answers.stream().map(a -> get(a).task().id()).distinct()).hasSize(1);
    awaitBytesRead(content.length);
    assertThat(source.opened()).hasSize(1);
    awaitProbes(1000);
  }

  @Test
  void whoHasNoAccessLearnsItAloneWhileAnotherDownloadsAndAfter() {
    source.put(FILE, bytes(3 * PIECE)).allow(FILE, ALICE).stallAt(FILE, PIECE);
    RegisterResponse alice = get(new TestPeer(supernode).register(content(FILE, ALICE)));
    TestPeer bob = new TestPeer(supernode);
    assertRefused(bob.register(content(FILE, BOB)));

    source.resume(FILE);
    awaitBytesRead(3 * PIECE);
    assertRefused(bob.register(content(FILE, BOB)));
    assertRefused(bob.register(content(FILE)));
    assertThat(get(new TestPeer(supernode).register(content(FILE, ALICE))).task().id())
        .isEqualTo(alice.task().id());
  }

  @Test
  void whoComesFirstWithoutAccessLeavesTheReadToTheNext() {
    source.put(FILE, bytes(3 * PIECE)).allow(FILE, ALICE).stallProbes(FILE);
    CompletableFuture<RegisterResponse> bob = new TestPeer(supernode).register(content(FILE, BOB));
    await().until(() -> source.opened().size() == 1);
    CompletableFuture<RegisterResponse> alice =
        new TestPeer(supernode).register(content(FILE, ALICE));
    await().until(() -> source.probes() == 1);
    source.resume(FILE);

    assertRefused(bob);
    assertThat(get(alice).task().layout().pieces()).isEqualTo(3);
    awaitBytesRead(3 * PIECE);
  }

  @Test
  void whatTheSourceSaysGoesBackTyped() {
    assertThat(failure(new TestPeer(supernode).register(FILE)))
        .isInstanceOf(ContentNotFoundException.class);
    source.put(FILE, bytes(1)).fail(FILE, new SourceFailedException("down", 410, Optional.empty()));
    assertThat(failure(new TestPeer(supernode).register(FILE)))
        .isInstanceOf(SourceFailedException.class);
    assertThat(failure(new TestPeer(supernode).register(URI.create("gopher://host/x"))))
        .isInstanceOf(CallRefusedException.class)
        .hasMessageContaining("fake");
  }

  @Test
  void aKnownVersionIsAskedForAndANewOneBeginsANewTask() {
    source.put(FILE, bytes(2 * PIECE));
    TaskId first = new TestPeer(supernode).registered(FILE).task().id();
    awaitBytesRead(2 * PIECE);
    awaitProbes(1);
    assertThat(new TestPeer(supernode).registered(FILE).task().id()).isEqualTo(first);
    assertThat(source.probes()).isEqualTo(2);

    source.put(FILE, bytes(3 * PIECE));
    RegisterResponse second = new TestPeer(supernode).registered(FILE);
    assertThat(second.task().id()).isNotEqualTo(first);
    awaitBytesRead(5 * PIECE);
    awaitProbes(4);
  }

  @Test
  void aTicketReplacesTheQuestion() {
    source.put(FILE, bytes(2 * PIECE)).allow(FILE, ALICE).stallAt(FILE, PIECE);
    TestPeer peer = new TestPeer(supernode);
    RegisterResponse first = get(peer.register(content(FILE, ALICE)));
    source.revoke(FILE, ALICE);

    RegisterResponse again = get(peer.register(content(FILE, ALICE), first.ticket()));
    assertThat(again.task().id()).isEqualTo(first.task().id());
    assertThat(source.probes()).isZero();
  }

  @Test
  void aTicketOfAnotherOrForAnotherContentOrTooOldOrChangedIsWorthNothing() {
    source.put(FILE, bytes(2 * PIECE)).allow(FILE, ALICE);
    source.put(TestSupernode.OTHER, bytes(PIECE)).allow(TestSupernode.OTHER, ALICE);
    TestPeer peer = new TestPeer(supernode);
    String ticket = get(peer.register(content(FILE, ALICE))).ticket();
    String other = get(peer.register(content(TestSupernode.OTHER, ALICE))).ticket();

    assertRefused(new TestPeer(supernode).register(content(FILE, BOB), ticket));
    assertRefused(peer.register(content(FILE, BOB), other));
    assertRefused(peer.register(content(FILE, BOB), changed(ticket)));
    supernode.ticker.advance(Duration.ofHours(2));
    assertRefused(peer.register(content(FILE, BOB), ticket));
  }

  @Test
  void aTicketForATicketEndsWithTheFirst() {
    source.put(FILE, bytes(2 * PIECE)).allow(FILE, ALICE);
    TestPeer peer = new TestPeer(supernode);
    String ticket = get(peer.register(content(FILE, ALICE))).ticket();
    await().until(() -> source.openStreams() == 0);
    source.revoke(FILE, ALICE);
    for (int minutes = 20; minutes < 60; minutes += 20) {
      supernode.ticker.advance(Duration.ofMinutes(20));
      ticket = get(peer.register(content(FILE, ALICE), ticket)).ticket();
    }
    supernode.ticker.advance(Duration.ofMinutes(20));
    assertRefused(peer.register(content(FILE, ALICE), ticket));
  }

  @Test
  void smallContentComesWithTheAnswer() {
    byte[] content = bytes(64 << 10);
    source.put(FILE, content).stallAt(FILE, 100);
    CompletableFuture<RegisterResponse> first = new TestPeer(supernode).register(FILE);
    CompletableFuture<RegisterResponse> second = new TestPeer(supernode).register(FILE);
    await().until(() -> source.bytesRead() == 100);
    assertThat(first).isNotDone();
    source.resume(FILE);

    assertThat(get(first).content()).hasValue(content);
    assertThat(get(second).content()).hasValue(content);
    assertThat(new TestPeer(supernode).registered(FILE).content()).hasValue(content);
    assertThat(get(first).digests().digest(0)).isEqualTo(sha256(content));
  }

  @Test
  void aSmallContentThatTakesTooLongIsPromised() {
    source.put(FILE, bytes(1000)).stallAt(FILE, 100);
    CompletableFuture<RegisterResponse> answer = new TestPeer(supernode).register(FILE);
    await().until(() -> source.bytesRead() == 100);
    // The read's pool thread has started; the wait for the content begins before or soon after.
    await()
        .until(
            () -> {
              supernode.ticker.advance(Duration.ofSeconds(5));
              return answer.isDone();
            });
    assertThat(get(answer).content()).isEmpty();
    source.resume(FILE);
  }

  @Test
  void smallContentsAreKeptInMemoryUpToABound() {
    byte[] content = bytes(64 << 10);
    int more = (int) (SupernodeSettings.SMALL_CONTENTS_BYTES / content.length) + 10;
    for (int i = 0; i < more; i++) {
      URI uri = URI.create("fake://host/" + i);
      source.put(uri, content);
      assertThat(new TestPeer(supernode).registered(uri).content()).hasValue(content);
    }
    URI first = URI.create("fake://host/0");
    assertThat(new TestPeer(supernode).registered(first).content()).hasValue(content);

    SmallContents small = new SmallContents(10 * content.length);
    TaskId last = null;
    for (int i = 0; i < 100; i++) {
      last = new TaskId("%064x".formatted(i));
      small.put(last, content);
    }
    assertThat(small.find(last)).hasValue(content);
    assertThat(small.find(new TaskId("%064x".formatted(0)))).isEmpty();
  }

  @Test
  void whateverASourceThrowsIsAnAnswer() {
    source.put(FILE, bytes(1)).fail(FILE, new LinkageError("a class is missing"));
    for (int i = 0; i < 3; i++) {
      assertThat(failure(new TestPeer(supernode).register(FILE)))
          .isInstanceOf(SourceFailedException.class)
          .hasMessageContaining("a class is missing");
    }
  }

  @Test
  void anEmptyContentIsThereAtOnce() {
    source.put(FILE, new byte[0]);
    RegisterResponse answer = new TestPeer(supernode).registered(FILE);
    assertThat(answer.content()).hasValue(new byte[0]);
    assertThat(answer.task().layout().pieces()).isZero();
    assertThat(new TestPeer(supernode).registered(FILE).content()).hasValue(new byte[0]);
  }

  @Test
  void smallContentWithAnotherDigestFailsTheRegistration() {
    source.put(FILE, bytes(1000));
    assertThat(failure(new TestPeer(supernode).register(withDigest(FILE, bytes(999)))))
        .isInstanceOf(DigestMismatchException.class);
    source.put(FILE, new byte[0]);
    assertThat(failure(new TestPeer(supernode).register(withDigest(FILE, bytes(999)))))
        .isInstanceOf(DigestMismatchException.class);
    assertThat(get(new TestPeer(supernode).register(withDigest(FILE, new byte[0]))).content())
        .hasValue(new byte[0]);
  }

  @Test
  void aVersionWithoutValidatorIsForTheSameCredentialsWhileItIsReadAndShortlyAfter() {
    source.put(FILE, bytes(2 * PIECE)).withoutValidator(FILE).allow(FILE, ALICE);
    source.allow(FILE, BOB).stallAt(FILE, PIECE);
    TaskId alice = get(new TestPeer(supernode).register(content(FILE, ALICE))).task().id();
    TaskId bob = get(new TestPeer(supernode).register(content(FILE, BOB))).task().id();
    assertThat(bob).isNotEqualTo(alice);
    assertThat(get(new TestPeer(supernode).register(content(FILE, ALICE))).task().id())
        .isEqualTo(alice);

    source.resume(FILE);
    awaitBytesRead(4 * PIECE);
    await().until(() -> isComplete(alice));
    supernode.ticker.advance(Duration.ofSeconds(9));
    assertThat(get(new TestPeer(supernode).register(content(FILE, ALICE))).task().id())
        .isEqualTo(alice);
    supernode.ticker.advance(Duration.ofSeconds(2));
    assertThat(get(new TestPeer(supernode).register(content(FILE, ALICE))).task().id())
        .isNotIn(alice, bob);
  }

  @Test
  void aVersionWithoutValidatorOfAnotherLengthIsAnotherOne() {
    source.put(FILE, bytes(2 * PIECE)).withoutValidator(FILE).stallAt(FILE, PIECE);
    TaskId first = new TestPeer(supernode).registered(FILE).task().id();
    source.put(FILE, bytes(3 * PIECE));
    assertThat(new TestPeer(supernode).registered(FILE).task().id()).isNotEqualTo(first);
    source.resume(FILE);
  }

  @Test
  void hostsThatAreSilentDoNotKeepOthersWaiting() {
    for (int i = 0; i < 160; i++) {
      URI silent = URI.create("fake://silent" + i % 5 + "/file" + i);
      source.put(silent, bytes(10)).stallProbes(silent);
      new TestPeer(supernode).register(silent);
    }
    source.put(FILE, bytes(10));
    assertThat(new TestPeer(supernode).registered(FILE).content()).isPresent();
  }

  @Test
  void aVersionWithAnotherWeakValidatorIsAnotherOne() {
    source.put(FILE, bytes(2 * PIECE)).withWeakValidator(FILE).stallAt(FILE, PIECE);
    TaskId first = new TestPeer(supernode).registered(FILE).task().id();
    assertThat(new TestPeer(supernode).registered(FILE).task().id()).isEqualTo(first);
    source.put(FILE, bytes(2 * PIECE));
    assertThat(new TestPeer(supernode).registered(FILE).task().id()).isNotEqualTo(first);
    source.resume(FILE);
  }

  @Test
  void theAnswerAboutContentThatADigestNamesIsBelievedForAWhile() {
    byte[] blob = bytes(2 * PIECE);
    URI uri = URI.create("fake://registry/v2/library/debian/blobs/" + sha256(blob));
    URI mirror = URI.create("fake://registry/v2/other/blobs/" + sha256(blob));
    source.put(uri, blob).put(mirror, blob);
    TaskId first = new TestPeer(supernode).registered(uri).task().id();
    new TestPeer(supernode).registered(uri);
    assertThat(source.probes()).isZero();

    assertThat(new TestPeer(supernode).registered(mirror).task().id()).isEqualTo(first);
    assertThat(source.probes()).isEqualTo(1);
    supernode.ticker.advance(Duration.ofSeconds(61));
    new TestPeer(supernode).registered(uri);
    assertThat(source.probes()).isEqualTo(2);
  }

  @Test
  void anAccessTtlOfZeroHasTheSourceAskedAboutContentThatADigestNamesToo() {
    supernode.close();
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.accessTtl = Duration.ZERO;
    supernode = setup.start();
    byte[] blob = bytes(2 * PIECE);
    URI uri = URI.create("fake://registry/v2/library/debian/blobs/" + sha256(blob));
    source.put(uri, blob).allow(uri, ALICE);
    get(new TestPeer(supernode).register(content(uri, ALICE)));
    get(new TestPeer(supernode).register(content(uri, ALICE)));
    assertThat(source.probes()).isEqualTo(1);
    source.revoke(uri, ALICE);
    assertRefused(new TestPeer(supernode).register(content(uri, ALICE)));
  }

  @Test
  void whoComesWhileTheReadBeginsHasTheSourceNotReadTwice() {
    byte[] blob = bytes(2 * PIECE);
    URI uri = URI.create("fake://registry/v2/library/debian/blobs/" + sha256(blob));
    source.put(uri, blob);
    List<CompletableFuture<RegisterResponse>> others = new ArrayList<>();
    supernode.close();
    supernode =
        new TestSupernode.Setup()
            .source(source)
            .listener(
                new SupernodeListener() {
                  @Override
                  public void begun(Task task, Optional<DistributionException> failure) {
                    CompletableFuture<RegisterResponse> other =
                        new TestPeer(supernode).register(uri);
                    others.add(other);
                    // An answer would be one of somebody who has it read; there must be none yet.
                    other.completeOnTimeout(null, 300, TimeUnit.MILLISECONDS).join();
                  }
                })
            .start();

    new TestPeer(supernode).registered(uri);

    awaitBytesRead(blob.length);
    assertThat(others).hasSize(1);
    assertThat(source.opened()).hasSize(1);
  }

  @Test
  void aSourceThatChangesBetweenQuestionAndReadFailsThatTaskAlone() {
    source.put(FILE, bytes(PIECE));
    new TestPeer(supernode).registered(FILE);
    awaitBytesRead(PIECE);
    source.put(FILE, bytes(2 * PIECE)).changeAt(FILE, 0, bytes(3 * PIECE));
    TestPeer peer = new TestPeer(supernode);
    TaskId second = peer.registered(FILE).task().id();

    CompletableFuture<PollResponse> next = peer.next(second, PieceSpan.ALL);
    await()
        .until(
            () -> {
              supernode.ticker.advance(Duration.ofMillis(100)); // the read pauses after a failure
              return next.isDone();
            });
    assertThat(peer.arrived(next, second).failure().orElseThrow())
        .isInstanceOf(SourceChangedException.class);
    assertThat(new TestPeer(supernode).registered(FILE).task().layout().pieces()).isEqualTo(3);
    awaitBytesRead(4 * PIECE);
  }

  @Test
  void aFullDiskIsSaidToWhoRegisters() {
    supernode.close();
    TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
    setup.storage = new MemoryStorage(PIECE);
    supernode = setup.start();
    source.put(FILE, bytes(2 * PIECE));
    assertThat(failure(new TestPeer(supernode).register(FILE)))
        .isInstanceOf(NoSpaceException.class)
        .hasMessageStartingWith("The supernode has no room: ");
    await().until(() -> source.openStreams() == 0);
  }

  @Test
  void aRangeIsAViewOfTheWholeTask() {
    source.put(FILE, bytes(4 * PIECE));
    TestPeer whole = new TestPeer(supernode);
    TestPeer part = new TestPeer(supernode);
    TaskId task = whole.registered(FILE).task().id();
    RegisterRequest request = part.request(content(FILE));
    RegisterResponse answer =
        part.join(
            FILE,
            supernode.api.register(
                new RegisterRequest(
                    request.caller(),
                    request.content(),
                    Optional.of(ByteRange.of(PIECE + 1, PIECE + 2)),
                    Optional.empty(),
                    List.of())));
    assertThat(answer.task().id()).isEqualTo(task);
    await().until(() -> isComplete(task));
    // Before the peer has spoken of the task itself, nothing is said about it.
    CompletableFuture<PollResponse> before = part.next();
    assertThat(before).isNotDone();
    assertThat(part.take(part.answer(task, new PieceSpan(1, 2)))).containsExactly(1);
  }

  @Test
  void aDroppedCallTakesNoPart() {
    source.put(FILE, bytes(2 * PIECE)).stallProbes(FILE);
    TestPeer dropped = new TestPeer(supernode);
    CompletableFuture<RegisterResponse> call = dropped.register(FILE);
    CompletableFuture<RegisterResponse> other = new TestPeer(supernode).register(FILE);
    call.cancel(true);
    source.resume(FILE);
    TaskId task = get(other).task().id();
    assertThat(dropped.answer(task, PieceSpan.ALL).state()).isEqualTo(TaskUpdate.State.UNKNOWN);
  }

  @Test
  void closingEndsWhoWaits() {
    source.put(FILE, bytes(1000)).stallAt(FILE, 10);
    source.put(TestSupernode.OTHER, bytes(10)).stallProbes(TestSupernode.OTHER);
    CompletableFuture<RegisterResponse> small = new TestPeer(supernode).register(FILE);
    CompletableFuture<RegisterResponse> asked =
        new TestPeer(supernode).register(TestSupernode.OTHER);
    await().until(() -> source.bytesRead() == 10 && source.opened().size() == 2);
    supernode.close();
    assertThat(failure(small)).isInstanceOf(SupernodeUnreachableException.class);
    assertThat(failure(asked)).isInstanceOf(SupernodeUnreachableException.class);
    assertThat(failure(new TestPeer(supernode).register(FILE)))
        .isInstanceOf(SupernodeUnreachableException.class);
  }

  private boolean isComplete(TaskId task) {
    return supernode
        .storage
        .find(task)
        .filter(t -> t.pieces().cardinality() == t.task().layout().pieces())
        .isPresent();
  }

  private void awaitProbes(int count) {
    await().untilAsserted(() -> assertThat(source.probes()).isEqualTo(count));
  }

  private void awaitBytesRead(long count) {
    await().untilAsserted(() -> assertThat(source.bytesRead()).isEqualTo(count));
  }

  private static ContentRequest withDigest(URI uri, byte[] content) {
    Digest digest = sha256(content);
    return new ContentRequest(
        uri, List.of(), Optional.of(digest), Optional.empty(), Headers.NONE, Trust.PLATFORM);
  }

  private static String changed(String ticket) {
    char[] characters = ticket.toCharArray();
    characters[20] = characters[20] == 'A' ? 'B' : 'A';
    return new String(characters);
  }

  private static void assertRefused(CompletableFuture<RegisterResponse> answer) {
    assertThat(failure(answer)).isInstanceOf(AccessRefusedException.class);
  }

  static Throwable failure(CompletableFuture<?> future) {
    try {
      future.get(20, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      assertThat(e.getCause()).isInstanceOf(DistributionException.class);
      return e.getCause();
    } catch (Exception e) {
      throw new AssertionError("no answer", e);
    }
    throw new AssertionError("did not fail");
  }
}
