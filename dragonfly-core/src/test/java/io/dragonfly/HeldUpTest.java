package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.fetch.Fetch;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.testkit.FakePublication;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.LeakCheck;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A process that could not run for a while does not blame others for that. */
@ExtendWith(LeakCheck.class)
class HeldUpTest {
  private static final Duration PAUSE = Duration.ofMinutes(5);

  @TempDir Path dir;

  private ClientFixture fixture;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  /** Lets time pass in steps, so that the loop and the fakes keep up with it. */
  private void runFor(Duration time) {
    long end = fixture.ticker.getAsLong() + time.toNanos();
    fixture.advanceUntil(() -> fixture.ticker.getAsLong() >= end);
  }

  @Test
  void takesASupernodeForLostOnlyWhenItIsSilentWhileThisProcessRuns() {
    byte[] bytes = bytes(3 * PIECE);
    fixture.source.put(URI_A, bytes);
    FakeSupernode supernode = fixture.supernode();
    FakePublication publication = FakePublication.of(bytes, fixture.source.version(URI_A));
    supernode.put(ContentRequest.of(URI_A), publication.knowing(1)).allowingBackToSource();
    DistributionClient client = fixture.startInFakeTime(fixture.of(supernode));
    Fetch fetch = client.start(fixture.request().build());
    fixture.advanceUntil(() -> fetch.progress().bytes() == PIECE);
    supernode.stop(); // both machines sleep

    fixture.ticker.pass(PAUSE);
    runFor(Duration.ofSeconds(1));
    assertThat(fixture.events.seen()).doesNotContain("supernodeLost", "backToSource");
    assertThat(fetch.completion()).isNotDone();

    runFor(Duration.ofSeconds(12));
    assertThat(fixture.events.seen()).contains("supernodeLost", "backToSource");
    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertThat(fixture.output()).hasBinaryContent(bytes);
  }

  @Test
  void endsAFetchOnlyWhenNothingComesWhileThisProcessRuns() throws Exception {
    fixture.source.put(URI_A, bytes(3 * PIECE)).stallAt(URI_A, PIECE + 5);
    DistributionClient client =
        fixture.startInFakeTime(fixture.alone().sourceStallTimeout(Duration.ofHours(1)));
    Fetch fetch = client.start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);

    fixture.ticker.pass(PAUSE);
    runFor(Duration.ofSeconds(55));
    assertThat(fetch.completion()).isNotDone();
    runFor(Duration.ofSeconds(10));
    assertThat(fetch.completion()).isCompletedExceptionally();
  }
}
