package io.dragonfly.internal.rate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.dragonfly.rate.Rate;
import io.dragonfly.testkit.FakeTicker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Several limits on one directory, as several processes have them. */
class HostLimitTest {
  private static final Rate SLOW = Rate.ofBytes(1 << 20);
  private static final Rate FAST = Rate.ofBytes(10 << 20);
  private static final Duration SOON = Duration.ofSeconds(1);

  private final FakeTicker ticker = new FakeTicker();
  private final List<HostLimit> opened = new ArrayList<>();

  @TempDir Path temp;
  private Path directory;

  @BeforeEach
  void makeDirectory() throws IOException {
    directory = Files.createDirectory(temp.resolve("limit"));
  }

  @AfterEach
  void close() {
    opened.forEach(HostLimit::close);
  }

  private HostLimit limit(Optional<Rate> own) {
    return limit(own, new LimitFile(LimitPlace.of(Optional.of(directory)), "boot"));
  }

  private HostLimit limit(Optional<Rate> own, LimitFile file) {
    return limit(true, own, file);
  }

  private HostLimit limit(boolean always, Optional<Rate> own, LimitFile file) {
    HostLimit limit = new HostLimit(always, own, file, ticker.timer(), ticker);
    opened.add(limit);
    return limit;
  }

  @Test
  void theLowestRateHoldsForAll() {
    HostLimit fast = limit(Optional.of(FAST));
    assertThat(fast.holding()).contains(FAST);
    HostLimit slow = limit(Optional.of(SLOW));
    ticker.advance(SOON);
    assertThat(fast.holding()).contains(SLOW);
    assertThat(slow.holding()).contains(SLOW);
    assertThat(fast.own()).contains(FAST);
  }

  @Test
  void theyShareOneRate() {
    HostLimit one = limit(Optional.of(FAST));
    HostLimit other = limit(Optional.of(FAST));
    one.down().take(1 << 20);
    assertThat(other.down().take(1 << 20)).isGreaterThan(Duration.ofMillis(20).toNanos());
    assertThat(other.up().take(1)).isZero();
  }

  @Test
  void aLimitThatIsClosedLeavesTheOthersTheirShare() {
    HostLimit closed = limit(Optional.of(FAST));
    closed.close();
    limit(Optional.of(FAST)); // at the place that is free again
    HostLimit other = limit(Optional.of(FAST));
    ticker.advance(SOON);
    closed.down().take(100 << 20);
    assertThat(other.down().take(10 << 20)).isLessThan(Duration.ofMillis(1100).toNanos());
  }

  @Test
  void aChangeHoldsForAllWithinASecond() {
    HostLimit one = limit(Optional.of(FAST));
    HostLimit other = limit(Optional.of(FAST));
    one.setOwn(Optional.of(SLOW));
    ticker.advance(SOON);
    assertThat(List.of(one, other)).allSatisfy(l -> assertThat(l.holding()).contains(SLOW));
    one.setOwn(Optional.empty());
    ticker.advance(SOON);
    assertThat(List.of(one, other)).allSatisfy(l -> assertThat(l.holding()).contains(FAST));
    other.setOwn(Optional.empty());
    ticker.advance(SOON);
    assertThat(List.of(one, other)).allSatisfy(l -> assertThat(l.holding()).isEmpty());
    assertThat(one.down().take(1L << 40)).isZero();
  }

  @Test
  void aChangeIsToldAtOnce() {
    HostLimit one = limit(Optional.of(FAST));
    one.setOwn(Optional.of(SLOW));
    assertThat(one.holding()).contains(SLOW);
    one.setOwn(Optional.empty());
    assertThat(one.holding()).isEmpty();
    limit(Optional.of(SLOW));
    ticker.advance(SOON);
    one.setOwn(Optional.of(FAST));
    assertThat(one.holding()).contains(SLOW); // another one's
  }

  @Test
  void theLogTellsWhoseLimitHolds() {
    Logger logger = (Logger) LoggerFactory.getLogger(HostLimit.class);
    ListAppender<ILoggingEvent> written = new ListAppender<>();
    written.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(written);
    try {
      HostLimit slow = limit(Optional.of(SLOW));
      limit(Optional.of(FAST));
      ticker.advance(SOON);
      slow.close();
      ticker.advance(SOON);
    } finally {
      logger.detachAppender(written);
      logger.setLevel(null);
    }

    assertThat(written.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            "The host limit is 1.0 MiB/s, set by this process",
            "The host limit is 1.0 MiB/s, set by another process of this host",
            "The host limit is 10.0 MiB/s, set by this process");
  }

  @Test
  void whoGivesNoRateKeepsToTheOthers() {
    HostLimit none = limit(Optional.empty());
    assertThat(directory).isEmptyDirectory();
    assertThat(none.down().take(1L << 40)).isZero();
    HostLimit slow = limit(Optional.of(SLOW));
    ticker.advance(SOON);
    assertThat(none.holding()).contains(SLOW);
    slow.close();
    ticker.advance(SOON);
    assertThat(none.holding()).isEmpty();
  }

  @Test
  void aProcessThatDoesNotShareTheLimitTakesPartOnlyWhileItHasARate() {
    limit(Optional.of(SLOW));
    LimitFile file = new LimitFile(LimitPlace.of(Optional.of(directory)), "boot");
    HostLimit embedded = limit(false, Optional.empty(), file);
    ticker.advance(SOON);
    assertThat(embedded.holding()).isEmpty();
    assertThat(embedded.down().take(1L << 40)).isZero();

    embedded.setOwn(Optional.of(FAST));
    ticker.advance(SOON);
    assertThat(embedded.holding()).contains(SLOW);
    assertThat(embedded.down().take(20 << 20)).isGreaterThan(SOON.toNanos());

    embedded.setOwn(Optional.empty());
    assertThat(embedded.holding()).isEmpty();
    ticker.advance(SOON);
    assertThat(embedded.down().take(1L << 40)).isZero();
  }

  @Test
  void whoIsKilledIsForgottenSoon() {
    HostLimit fast = limit(Optional.of(FAST));
    FakeTicker itsTime = new FakeTicker();
    itsTime.advance(Duration.ofNanos(ticker.getAsLong() - itsTime.getAsLong()));
    LimitFile file = new LimitFile(LimitPlace.of(Optional.of(directory)), "boot");
    opened.add(new HostLimit(true, Optional.of(SLOW), file, itsTime.timer(), itsTime));
    ticker.advance(SOON);
    assertThat(fast.holding()).contains(SLOW);
    ticker.advance(Duration.ofSeconds(4)); // the other one's time stands still
    assertThat(fast.holding()).contains(FAST);
  }

  @Test
  void anotherBootHasAnotherFile() throws IOException {
    limit(Optional.of(SLOW));
    HostLimit later =
        limit(
            Optional.of(FAST),
            new LimitFile(LimitPlace.of(Optional.of(directory)), LimitPlace.bootId()));
    ticker.advance(SOON);
    assertThat(later.holding()).contains(FAST);
    try (var files = Files.list(directory)) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void aFileThatIsRemovedIsMadeAnew() throws IOException {
    HostLimit one = limit(Optional.of(FAST));
    Files.delete(onlyFile());
    HostLimit other = limit(Optional.of(SLOW));
    ticker.advance(SOON);
    assertThat(one.holding()).contains(SLOW);
    assertThat(other.holding()).contains(SLOW);
  }

  @Test
  void whoMayNotUseTheFileKeepsToItsOwnRateAlone() throws IOException {
    HostLimit slow = limit(Optional.of(SLOW));
    Path file = onlyFile();
    slow.close();
    Files.delete(file);
    Files.createDirectory(file);
    HostLimit alone = limit(Optional.of(FAST));
    ticker.advance(SOON);
    assertThat(alone.holding()).contains(FAST);
    assertThat(alone.down().take(20 << 20)).isGreaterThan(Duration.ofSeconds(1).toNanos());
  }

  @Test
  void aDirectoryThatIsNotThereIsNoReasonToFail() throws IOException {
    Files.delete(directory);
    HostLimit alone = limit(Optional.of(FAST));
    assertThat(alone.holding()).contains(FAST);
    assertThat(limit(Optional.empty()).holding()).isEmpty();
  }

  @Test
  void aFileOfAnotherSizeIsRefused() throws IOException {
    limit(Optional.of(SLOW)).close();
    Path file = onlyFile();
    Files.delete(file);
    Files.write(file, new byte[17]);
    assertThat(limit(Optional.of(FAST)).holding()).contains(FAST);
    assertThat(file).hasSize(17);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aLinkIsNotFollowed() throws IOException {
    limit(Optional.of(SLOW)).close();
    Path file = onlyFile();
    Path elsewhere = Files.move(file, temp.resolve("elsewhere"));
    byte[] before = Files.readAllBytes(elsewhere);
    Files.createSymbolicLink(file, elsewhere);
    HostLimit alone = limit(Optional.of(FAST));
    alone.down().take(1 << 20);
    ticker.advance(SOON);
    assertThat(alone.holding()).contains(FAST);
    assertThat(elsewhere).hasBinaryContent(before);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void whereEverybodyMayWriteEachUserHasAFile() throws IOException {
    mode(directory, "rwxrwxrwx");
    limit(Optional.of(SLOW));
    assertThat(onlyFile().getFileName())
        .hasToString("dragonfly-host-limit-" + LimitPlace.user() + "-boot");
    assertThat(mode(onlyFile())).isEqualTo("rw-------");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void whereAGroupMayWriteItSharesAFile() throws IOException {
    mode(directory, "rwxrwx---");
    limit(Optional.of(SLOW));
    assertThat(onlyFile().getFileName()).hasToString("dragonfly-host-limit-boot");
    assertThat(mode(onlyFile())).isEqualTo("rw-rw----");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aFileThatAnotherUserHasPutThereIsRefused() throws IOException {
    assumeThat(LimitPlace.user()).as("only root can give files away").isEqualTo("0");
    mode(directory, "rwxrwxrwx");
    limit(Optional.of(SLOW)).close();
    Files.setAttribute(onlyFile(), "unix:uid", 12345);
    HostLimit alone = limit(Optional.of(FAST));
    ticker.advance(SOON);
    assertThat(alone.holding()).contains(FAST);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void theUserIsWhoOwnsWhatHeMakes() throws IOException {
    assertThat(LimitPlace.user()).isEqualTo(LimitPlace.owner(directory));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aLinkToWhatTheUserOwnsTellsWhoHeIs() throws IOException {
    assumeThat(LimitPlace.user()).as("only root can give files away").isEqualTo("0");
    Path others = Files.createFile(directory.resolve("others"));
    Files.setAttribute(others, "unix:uid", 12345);
    Path link = Files.createSymbolicLink(directory.resolve("self"), others); // as /proc/self is
    assertThat(LimitPlace.ownerOfFirst(List.of(directory.resolve("none"), link)))
        .isEqualTo("12345");
  }

  @Test
  void theUsualPlaceIsInMemory() throws IOException {
    LimitPlace place = new LimitPlace(Optional.empty(), directory);
    assertThat(place.directory(true)).isEqualTo(directory);
    Path shared = Files.createDirectory(directory.resolve("dragonfly"));
    assertThat(place.directory(true)).isEqualTo(shared);
    LimitPlace none = new LimitPlace(Optional.empty(), temp.resolve("none"));
    assertThat(none.directory(true)).isNotNull().isNotEqualTo(temp.resolve("none"));
  }

  private Path onlyFile() throws IOException {
    try (var files = Files.list(directory)) {
      return files.reduce((one, other) -> Path.of("there is more than one")).orElseThrow();
    }
  }

  private static void mode(Path path, String mode) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
