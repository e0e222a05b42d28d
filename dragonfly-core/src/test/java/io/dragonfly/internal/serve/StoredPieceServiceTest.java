package io.dragonfly.internal.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.Uninterruptibles;
import io.dragonfly.control.Outcome;
import io.dragonfly.internal.access.Capabilities;
import io.dragonfly.internal.access.ShownCapabilities;
import io.dragonfly.peer.PeerId;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceService.Ask;
import io.dragonfly.spi.PieceService.Given;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskKey;
import io.dragonfly.testkit.ColdStorage;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class StoredPieceServiceTest {
  private static final int PIECE = 128 << 10;
  private static final byte[] KEY = {1, 2, 3};
  private static final PeerId TAKER = new PeerId("0".repeat(32));
  private static final PeerId OTHER_TAKER = new PeerId("1".repeat(32));
  private static final InetAddress ADDRESS = InetAddress.getLoopbackAddress();
  private static final ByteRange FIRST = ByteRange.of(0, PIECE);
  private static final ByteRange SECOND = ByteRange.of(PIECE, 2 * PIECE);

  private final FakeTicker ticker = new FakeTicker();
  private final MemoryStorage storage = new MemoryStorage();
  private final Task task = task("a", OptionalLong.of(3 * PIECE));
  private final List<Given> given = new ArrayList<>();
  private final StoredPieceService service = service(2);

  @AfterEach
  void closeAll() {
    service.close();
    given.forEach(g -> g.region().close());
  }

  @Test
  void givesAPieceThatIsThereAtOnce() throws Exception {
    seal(storage.create(task), 0);

    Given first = now(service.give(ask(FIRST)));

    assertThat(first.region().readAll()).isEqualTo(bytes(0));
    assertThat(first.total()).hasValue(3 * PIECE);
    assertThat(ticker.timersSet()).isZero();
  }

  @Test
  void tellsOfEachRegionThatGoesOut() throws Exception {
    seal(storage.create(task), 0);
    List<String> told = new ArrayList<>();
    service.onGiven((id, bytes) -> told.add(id.hex() + " " + bytes));

    refused(service.give(ask(ByteRange.of(0, PIECE + 1))));
    assertThat(told).isEmpty();

    now(service.give(ask(FIRST)));
    assertThat(told).containsExactly(task.id().hex() + " " + PIECE);
  }

  @Test
  void refusesACapabilityOfAnotherTaskTakerAddressKeyOrTime() throws Exception {
    seal(storage.create(task), 0);
    PeerId other = new PeerId("1".repeat(32));
    InetAddress elsewhere = InetAddress.getByAddress(new byte[] {127, 0, 0, 9});
    Task otherTask = task("b", OptionalLong.of(PIECE));
    String expired =
        Capabilities.issue(KEY, task.id(), TAKER, ADDRESS, FakeTicker.START.minusSeconds(1));
    String foreign =
        Capabilities.issue(
            new byte[] {9}, task.id(), TAKER, ADDRESS, FakeTicker.START.plusSeconds(60));

    refused(service.give(new Ask(task.id(), FIRST, other, ADDRESS, capability(task))));
    refused(service.give(new Ask(task.id(), FIRST, TAKER, elsewhere, capability(task))));
    refused(service.give(new Ask(task.id(), FIRST, TAKER, ADDRESS, capability(otherTask))));
    refused(service.give(new Ask(task.id(), FIRST, TAKER, ADDRESS, expired)));
    refused(service.give(new Ask(task.id(), FIRST, TAKER, ADDRESS, foreign)));
    refused(service.give(new Ask(task.id(), FIRST, TAKER, ADDRESS, "")));
  }

  @Test
  void refusesBytesThatDoNotLieInOnePiece() throws Exception {
    seal(storage.create(task), 0);

    refused(service.give(ask(ByteRange.of(0, PIECE + 1))));
    refused(service.give(ask(ByteRange.of(0, 0))));
    refused(service.give(ask(ByteRange.of(3 * PIECE, 3 * PIECE + 1))));
    refused(service.give(ask(ByteRange.of(Long.MAX_VALUE - 1, Long.MAX_VALUE))));
  }

  @Test
  void waitsForAPieceUntilItIsSealed() throws Exception {
    StoredTask stored = storage.create(task);
    CompletableFuture<Given> first = service.give(ask(FIRST));
    CompletableFuture<Given> second = service.give(ask(SECOND));

    seal(stored, 1);

    assertThat(now(second).region().readAll()).isEqualTo(bytes(1));
    assertThat(first).isNotDone();
    assertThat(ticker.timersSet()).isEqualTo(1);
  }

  @Test
  void waitsTwoSecondsForAPieceAndNoLonger() throws Exception {
    storage.create(task);
    CompletableFuture<Given> first = service.give(ask(FIRST));

    ticker.advance(Duration.ofMillis(1999));
    assertThat(first).isNotDone();
    ticker.advance(Duration.ofMillis(1));
    assertThat(outcome(first)).isEqualTo(Outcome.NOT_YET);
  }

  @Test
  void waitsForATaskThatIsAboutToBeStored() throws Exception {
    CompletableFuture<Given> first = service.give(ask(FIRST));
    CompletableFuture<Given> wrong = service.give(ask(ByteRange.of(1, PIECE + 1)));

    seal(storage.create(task), 0);

    assertThat(now(first).region().readAll()).isEqualTo(bytes(0));
    assertThat(outcome(wrong)).isEqualTo(Outcome.REFUSED);
  }

  @Test
  void refusesATaskThatDoesNotCome() {
    CompletableFuture<Given> first = service.give(ask(FIRST));

    ticker.advance(Duration.ofSeconds(2));

    assertThat(outcome(first)).isEqualTo(Outcome.REFUSED);
  }

  @Test
  void givesNoMoreRegionsAtOnceThanThereAreSlots() throws Exception {
    seal(storage.create(task), 0);
    Given first = now(service.give(ask(FIRST)));
    now(service.give(ask(FIRST)));
    CompletableFuture<Given> third = service.give(ask(FIRST));
    CompletableFuture<Given> fourth = service.give(ask(FIRST));
    assertThat(third).isNotDone();

    first.region().close();
    first.region().close(); // the second close frees no second slot

    assertThat(now(third).region().length()).isEqualTo(PIECE);
    assertThat(fourth).isNotDone();
  }

  @Test
  void aSlowTakerKeepsNobodyWaiting() throws Exception {
    seal(storage.create(task), 0);
    now(service.give(ask(FIRST)));
    now(service.give(ask(FIRST)));
    CompletableFuture<Given> third = service.give(ask(FIRST));
    CompletableFuture<Given> fourth = service.give(ask(FIRST));

    ticker.advance(Duration.ofMillis(1999));
    assertThat(third).isNotDone();
    ticker.advance(Duration.ofMillis(1));
    now(third).region().close();
    now(fourth).region().close();
    assertThat(ticker.timersSet()).isZero();
  }

  @Test
  void whoIsInLineForTooLongIsToldToComeLater() throws Exception {
    seal(storage.create(task), 0);
    for (int slot = 0; slot < UploadSlots.MOST; slot++) {
      CompletableFuture<Given> slow = service.give(ask(FIRST));
      ticker.advance(Duration.ofSeconds(2));
      now(slow);
    }
    CompletableFuture<Given> third = service.give(ask(FIRST));

    ticker.advance(Duration.ofMillis(3999));
    assertThat(third).isNotDone();
    ticker.advance(Duration.ofMillis(1));
    assertThat(outcome(third)).isEqualTo(Outcome.NOT_YET);
  }

  @Test
  void aLateTaskAndALateChildAreServedInTurnWithAChildThatAsksForMuch() throws Exception {
    Task other = task("b", OptionalLong.of(PIECE));
    seal(storage.create(task), 0);
    seal(storage.create(other), 0);
    List<CompletableFuture<Given>> many = new ArrayList<>();
    for (int i = 0; i < 62; i++) {
      many.add(service.give(ask(FIRST)));
    }
    CompletableFuture<Given> lateChild = service.give(askOf(task, OTHER_TAKER));
    CompletableFuture<Given> lateTask = service.give(askOf(other, TAKER));

    now(many.get(0)).region().close();
    now(many.get(1)).region().close();
    now(many.get(2)).region().close();

    now(lateTask);
    now(lateChild);
    assertThat(many).filteredOn(CompletableFuture::isDone).hasSize(3);
  }

  @Test
  void aTaskWithLargePiecesGetsNoMoreBytesThanATaskWithSmallOnes() throws Exception {
    Task large = task("large", OptionalLong.of(512L * 8 * PIECE));
    int largePiece = large.layout().pieceLength();
    assertThat(largePiece).isEqualTo(8 * PIECE);
    StoredTask stored = storage.create(large);
    stored.write(0, ByteBuffer.allocate(largePiece));
    stored.seal(0, digest(new byte[largePiece]));
    seal(storage.create(task), 0);
    List<Given> out = List.of(now(service.give(ask(FIRST))), now(service.give(ask(FIRST))));
    List<Long> served = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Ask ofLarge =
          new Ask(large.id(), ByteRange.of(0, largePiece), TAKER, ADDRESS, capability(large));
      var unused = service.give(ofLarge).thenAccept(g -> serveAtOnce(served, g));
      var alsoUnused = service.give(askOf(task, TAKER)).thenAccept(g -> serveAtOnce(served, g));
    }

    out.get(0).region().close();

    int end = served.lastIndexOf((long) PIECE);
    assertThat(served.subList(0, end)).filteredOn(bytes -> bytes == largePiece).hasSize(5);
  }

  private static void serveAtOnce(List<Long> served, Given given) {
    served.add(given.region().length());
    given.region().close();
  }

  @Test
  void cancellingGivesUpThePlaceInLine() throws Exception {
    seal(storage.create(task), 0);
    Given first = now(service.give(ask(FIRST)));
    now(service.give(ask(FIRST)));
    CompletableFuture<Given> third = service.give(ask(FIRST));
    CompletableFuture<Given> fourth = service.give(ask(FIRST));

    third.cancel(true);
    first.region().close();

    now(fourth);
    assertThat(ticker.timersSet()).isZero();
  }

  @Test
  void aLongLineOfTakersThatCloseAtOnceIsServedWithoutRecursion() throws Exception {
    seal(storage.create(task), 0);
    Given first = now(service.give(ask(FIRST)));
    Given second = now(service.give(ask(FIRST)));
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      all.add(service.give(ask(ByteRange.of(0, 1))).thenAccept(g -> g.region().close()));
    }

    first.region().close();
    second.region().close();

    assertThat(all).allMatch(CompletableFuture::isDone);
    assertThat(all).noneMatch(CompletableFuture::isCompletedExceptionally);
  }

  @Test
  void boundsHowManyWait() throws Exception {
    storage.create(task);
    List<CompletableFuture<Given>> waiting = new ArrayList<>();
    for (int i = 0; i < StoredPieceService.MOST_WAITING; i++) {
      waiting.add(service.give(ask(FIRST)));
    }

    assertThat(outcome(service.give(ask(FIRST)))).isEqualTo(Outcome.NOT_YET);
    waiting.get(0).cancel(true);
    assertThat(service.give(ask(FIRST))).isNotDone();
  }

  @Test
  void refusesWhoWaitsForATaskThatEnds() throws Exception {
    seal(storage.create(task), 0);
    now(service.give(ask(FIRST)));
    now(service.give(ask(FIRST)));
    CompletableFuture<Given> inLine = service.give(ask(FIRST));
    CompletableFuture<Given> forPiece = service.give(ask(SECOND));

    service.ended(task.id());

    assertThat(outcome(inLine)).isEqualTo(Outcome.REFUSED);
    assertThat(outcome(forPiece)).isEqualTo(Outcome.REFUSED);
  }

  @Test
  void aPieceWithdrawnInTheMeantimeIsRefusedAndItsSlotGoesOn() throws Exception {
    StoredTask stored = storage.create(task);
    seal(stored, 0);
    seal(stored, 1);
    List<Integer> withdrawn = new ArrayList<>();
    service.onWithdrawn((id, piece) -> withdrawn.add(piece));
    Given one = now(service.give(ask(FIRST)));
    now(service.give(ask(FIRST)));
    CompletableFuture<Given> gone = service.give(ask(FIRST));
    CompletableFuture<Given> there = service.give(ask(SECOND));

    stored.unseal(0);
    one.region().close();

    assertThat(outcome(gone)).isEqualTo(Outcome.REFUSED);
    assertThat(now(there).region().readAll()).isEqualTo(bytes(1));
    assertThat(withdrawn).containsExactly(0);
  }

  @Test
  void whatMustBeReadFirstIsReadOnAThreadOfItsOwn() throws Exception {
    seal(storage.create(task), 0);
    Set<String> readers = ConcurrentHashMap.newKeySet();
    Storage suspicious =
        (Storage)
            around(
                Storage.class,
                storage,
                (method, result) ->
                    method.equals("find")
                        ? ((Optional<?>) result).map(stored -> suspect(stored, readers))
                        : result);
    try (StoredPieceService careful = service(suspicious, 2)) {
      Given first = careful.give(ask(FIRST)).get(10, TimeUnit.SECONDS);
      given.add(first);
      assertThat(first.region().readAll()).isEqualTo(bytes(0));
    }
    assertThat(readers).containsExactly("dragonfly-verify");
  }

  @Test
  void whatIsNotInMemoryIsReadOnAnotherThreadAndOnlyOnce() throws Exception {
    seal(storage.create(task), 0);
    Set<String> readers = ConcurrentHashMap.newKeySet();
    CountDownLatch disk = new CountDownLatch(1);
    ColdStorage cold =
        new ColdStorage(
            storage,
            () -> {
              readers.add(Thread.currentThread().getName());
              Uninterruptibles.awaitUninterruptibly(disk);
            });
    try (StoredPieceService reading = service(cold, 3)) {
      CompletableFuture<Given> first = reading.give(ask(FIRST)); // waits for no disk
      CompletableFuture<Given> cancelled = reading.give(ask(FIRST));
      assertThat(first).isNotDone();
      cancelled.cancel(false);
      disk.countDown();
      given.add(first.get(10, TimeUnit.SECONDS));
      assertThat(given.get(0).region().readAll()).isEqualTo(bytes(0));

      given.add(now(reading.give(ask(FIRST)))); // the piece is warm: no thread is changed
    }
    assertThat(readers).allMatch(name -> name.startsWith("dragonfly-read-ahead-"));
  }

  @Test
  void aDiskThatFailsIsNotThePatienceOfATaker() throws Exception {
    seal(storage.create(task), 0);
    ColdStorage broken =
        new ColdStorage(
            storage,
            () -> {
              throw new UncheckedIOException(new IOException("Input/output error"));
            });
    try (StoredPieceService reading = service(broken, 1)) {
      for (int i = 0; i < 3; i++) { // each gives its slot back
        CompletableFuture<Given> failed = reading.give(ask(FIRST));
        assertThat(failed)
            .failsWithin(Duration.ofSeconds(10))
            .withThrowableOfType(ExecutionException.class)
            .withCauseInstanceOf(PieceDownloadException.class);
      }
    }
  }

  private static Object suspect(Object stored, Set<String> readers) {
    return around(
        StoredTask.class,
        stored,
        (method, result) -> {
          if (method.equals("region")) {
            readers.add(Thread.currentThread().getName());
          }
          return method.equals("isSuspect") ? Boolean.valueOf(true) : result;
        });
  }

  private static Object around(
      Class<?> type, Object inner, BiFunction<String, Object, Object> change) {
    return Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (proxy, method, arguments) ->
            change.apply(method.getName(), method.invoke(inner, arguments)));
  }

  @Test
  void givesInsideTheProcessWithoutACapability() throws Exception {
    StoredTask stored = storage.create(task);
    CompletableFuture<Given> first = service.giveLocally(task.id(), FIRST);
    assertThat(first).isNotDone();

    seal(stored, 0);

    assertThat(now(first).region().readAll()).isEqualTo(bytes(0));
  }

  @Test
  void checksTheRangeAgainOnceTheLengthIsKnown() throws Exception {
    Task unknown = task("u", OptionalLong.empty());
    int length = unknown.layout().pieceLength();
    StoredTask stored = storage.create(unknown);
    CompletableFuture<Given> tooLong = service.giveLocally(unknown.id(), ByteRange.of(0, length));
    CompletableFuture<Given> fits = service.giveLocally(unknown.id(), ByteRange.of(0, 5));

    stored.write(0, ByteBuffer.wrap(new byte[5]));
    stored.learnLength(5);
    stored.seal(0, digest(new byte[5]));
    service.sealed(unknown.id(), 0);

    assertThat(outcome(tooLong)).isEqualTo(Outcome.REFUSED);
    assertThat(now(fits).total()).hasValue(5);
  }

  @Test
  void closeRefusesThoseWhoWaitAndThoseWhoCome() throws Exception {
    storage.create(task);
    CompletableFuture<Given> waiting = service.give(ask(FIRST));

    service.close();

    assertThat(outcome(waiting)).isEqualTo(Outcome.REFUSED);
    assertThat(outcome(service.give(ask(FIRST)))).isEqualTo(Outcome.REFUSED);
    assertThat(ticker.timersSet()).isZero();
  }

  @Test
  void aTimerThatIsGoneEndsTheWait() throws Exception {
    storage.create(task);
    ticker.timer().shutdown();

    assertThat(outcome(service.give(ask(FIRST)))).isEqualTo(Outcome.REFUSED);
  }

  @Test
  void aPieceThatWasPassedOnWhileAnAskWaitedInLineIsNoFault() throws Exception {
    MemoryStorage passing = new MemoryStorage();
    service.alsoGives(passing::find);
    StoredTask stored = passing.create(task);
    seal(stored, 0);
    Given first = now(service.give(ask(FIRST)));
    now(service.give(ask(FIRST)));
    CompletableFuture<Given> inLine = service.give(ask(FIRST));
    assertThat(inLine).isNotDone();

    stored.unseal(0);
    first.region().close();

    assertThat(outcome(inLine)).isEqualTo(Outcome.NOT_YET);
  }

  private StoredPieceService service(int slots) {
    return service(storage, slots);
  }

  private StoredPieceService service(Storage store, int slots) {
    return new StoredPieceService(
        store,
        new ShownCapabilities(KEY),
        () -> ticker.clock().instant(),
        new Unlimited(),
        slots,
        ticker,
        ticker.timer());
  }

  private void seal(StoredTask stored, int piece) throws Exception {
    byte[] bytes = bytes(piece);
    stored.write((long) piece * PIECE, ByteBuffer.wrap(bytes));
    stored.seal(piece, digest(bytes));
    service.sealed(stored.task().id(), piece);
  }

  private static Digest digest(byte[] bytes) {
    var sha = Digest.newSha256();
    sha.update(bytes);
    return Digest.of(sha);
  }

  private static byte[] bytes(int piece) {
    byte[] bytes = new byte[PIECE];
    Arrays.fill(bytes, (byte) (piece + 1));
    return bytes;
  }

  private Ask ask(ByteRange range) {
    return new Ask(task.id(), range, TAKER, ADDRESS, capability(task));
  }

  private static Ask askOf(Task task, PeerId child) {
    return new Ask(task.id(), FIRST, child, ADDRESS, capability(task, child));
  }

  private static String capability(Task task) {
    return capability(task, TAKER);
  }

  private static String capability(Task task, PeerId child) {
    return Capabilities.issue(KEY, task.id(), child, ADDRESS, FakeTicker.START.plusSeconds(60));
  }

  private Given now(CompletableFuture<Given> future) {
    assertThat(future).isCompleted();
    given.add(future.join());
    return future.join();
  }

  private static void refused(CompletableFuture<Given> future) {
    assertThat(outcome(future)).isEqualTo(Outcome.REFUSED);
  }

  private static Outcome outcome(CompletableFuture<Given> future) {
    assertThat(future).isCompletedExceptionally();
    Throwable[] cause = new Throwable[1];
    assertThatThrownBy(future::join)
        .isInstanceOf(CompletionException.class)
        .satisfies(e -> cause[0] = e.getCause());
    return ((PieceDownloadException) cause[0]).outcome();
  }

  private static Task task(String name, OptionalLong length) {
    String key = Digest.of(sha(name)).hex();
    return Task.of(
        new TaskKey(key),
        new SourceVersion(Optional.of("\"v1\""), length),
        Optional.empty(),
        "nonce");
  }

  private static MessageDigest sha(String text) {
    var sha = Digest.newSha256();
    sha.update(text.getBytes(StandardCharsets.UTF_8));
    return sha;
  }

  private static final class Unlimited implements RateLimiter {
    @Override
    public long take(long bytes) {
      return 0;
    }

    @Override
    public void setRate(Optional<Rate> rate) {}
  }
}
