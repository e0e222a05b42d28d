package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Task;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whose turn it is when more is to be read from one host than is read at once. */
class CdnTurnsTest extends CdnFixture {
  private static final int AT_ONCE = 3;
  private static final int LARGE = (4 << 20) + 1;
  private static final int MEDIUM = 4 << 20;
  private static final int SMALL = 1 << 20;

  private final List<CdnTask> tasks = new ArrayList<>();

  @ParameterizedTest
  @CsvSource({LARGE + ",0", MEDIUM + ",1", SMALL + ",1"})
  void aLargeContentIsClosedWhileItWaits(int length, int open) throws Exception {
    readAndStall(AT_ONCE, "first", length);
    read(put("last", length));
    assertThat(source.openStreams()).isEqualTo(AT_ONCE + open);

    resume("first");
    awaitAll();
    assertThat(source.opened()).hasSize(AT_ONCE + 2 - open);
  }

  @Test
  void whatCannotBeHadAgainStaysOpenWhileItWaits() throws Exception {
    readAndStall(AT_ONCE, "first", LARGE);
    URI once = put("last", LARGE);
    source.withoutValidator(once);
    read(once);
    assertThat(source.openStreams()).isEqualTo(AT_ONCE + 1);

    resume("first");
    awaitAll();
    assertThat(source.opened()).hasSize(AT_ONCE + 1);
  }

  @ParameterizedTest
  @CsvSource({LARGE + "," + MEDIUM, (MEDIUM - 1) + "," + SMALL})
  void aContentDoesNotWaitForLargerOnes(int large, int small) throws Exception {
    readAndStall(AT_ONCE + 1, "large", large);
    CdnTask quick = read(put("quick", small));

    await().until(() -> isComplete(quick));
    assertThat(tasks).filteredOn(this::isComplete).containsExactly(quick);
    resume("large");
    awaitAll();
  }

  @Test
  void moreAreReadAtOnceIfThatBringsMore() throws Exception {
    readAndStall(AT_ONCE, "first", LARGE);
    CdnTask next = read(put("next", LARGE));

    for (int piece = 1; piece <= 8 && !isComplete(next); piece++) {
      long least = (AT_ONCE - 1L + piece) * PIECE;
      await().until(() -> source.bytesRead() >= least);
      ticker.advance(Duration.ofMillis(500)); // two of these: one to come up to the rate
      source.stallAt(URI.create("fake://host/first0"), (piece + 1L) * PIECE);
    }
    await().until(() -> isComplete(next));
    assertThat(tasks).filteredOn(this::isComplete).containsExactly(next);
    resume("first");
    awaitAll();
  }

  @Test
  void aReadThatBrokeOffKeepsItsPlace() throws Exception {
    readAndStall(AT_ONCE - 1, "first", LARGE);
    URI broken = put("broken", LARGE);
    source.breakAt(broken, PIECE);
    CdnTask paused = read(broken);
    await().until(() -> ticker.timersSet() == 1);
    readAndStall(AT_ONCE, "later", LARGE); // one of them has the place of the one that is paused

    source.heal(broken);
    ticker.advance(Duration.ofMillis(150));
    source.resume(URI.create("fake://host/first0"));

    await().until(() -> isComplete(paused));
    assertThat(tasks).filteredOn(this::isComplete).hasSize(2).contains(paused);
    resume("first");
    resume("later");
    awaitAll();
  }

  @Test
  void aLateReadReadsAsMuchAtOnceAsTheOthers() throws Exception {
    List<Long> taken = new CopyOnWriteArrayList<>();
    reads =
        new RateLimiter() {
          @Override
          public long take(long bytes) {
            taken.add(bytes);
            return 0; // so it may read more at once
          }

          @Override
          public void setRate(Optional<Rate> rate) {}
        };
    restart();
    read(put("first", LARGE));
    awaitAll();
    long most = Collections.max(taken);
    assertThat(taken.get(0)).isLessThan(most);

    taken.clear();
    read(put("late", LARGE));
    awaitAll();
    assertThat(taken.get(0)).isEqualTo(most);
  }

  private void readAndStall(int files, String name, int length) throws IOException {
    for (int i = 0; i < files; i++) {
      URI uri = put(name + i, length);
      source.stallAt(uri, PIECE);
      read(uri);
    }
  }

  private URI put(String name, int length) {
    URI uri = URI.create("fake://host/" + name);
    source.put(uri, bytes(length));
    return uri;
  }

  private CdnTask read(URI uri) throws IOException {
    ContentRequest content = ContentRequest.of(uri);
    CdnTask task =
        cache.prepare(Task.of(content.key(), source.version(uri), Optional.empty(), uri.getPath()));
    tasks.add(task);
    SourceRequest request =
        new SourceRequest(content, Duration.ofSeconds(30), Requester.THIS_PROCESS);
    task.read(
        new Access(content, Requester.THIS_PROCESS, "alice"), Optional.of(source.open(request)));
    return task;
  }

  private void resume(String name) {
    for (int i = 0; i <= AT_ONCE; i++) {
      source.resume(URI.create("fake://host/" + name + i));
    }
  }

  private boolean isComplete(CdnTask task) {
    return storage
        .find(task.task().id())
        .filter(stored -> stored.pieces().cardinality() == task.task().layout().pieces())
        .isPresent();
  }

  private void awaitAll() {
    await().untilAsserted(() -> assertThat(tasks).allMatch(this::isComplete));
  }
}
