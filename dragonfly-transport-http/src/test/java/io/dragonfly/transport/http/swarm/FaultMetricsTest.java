package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.control.AdminApi.CachedTask;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.metrics.MicrometerSupernodeListener;
import io.dragonfly.transport.http.swarm.FaultySource.Fault;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a supernode's page of metrics says of sources and disks that fail. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class FaultMetricsTest {
  private static final int LENGTH = 200_000;
  private static final int ROOM = 300_000;
  private static final String FAILED =
      "dragonfly_supernode_cdn_download_failed_total{reason=\"source_failed\"}";
  private static final String QUESTIONS = "dragonfly_supernode_source_probes_total{result=\"%s\"}";

  @TempDir Path dir;
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final MicrometerSupernodeListener listener = new MicrometerSupernodeListener(registry);
  private final byte[] bytes = Arrays.copyOf(FaultyLab.random(1), LENGTH);
  private RawSource source;
  private Supernode supernode;
  private DistributionClient client;

  @BeforeEach
  void startSource() throws Exception {
    source = new RawSource();
  }

  private void start(UnaryOperator<SupernodeConfig.Builder> more) {
    SupernodeConfig.Builder config =
        SupernodeConfig.builder()
            .homeDir(dir.resolve("supernode"))
            .port(0)
            .listener(listener)
            .metricsPage(registry::scrape);
    supernode = new Supernode(more.apply(config).build());
    client =
        new DistributionClient(
            ClientConfig.builder()
                .home(dir.resolve("home"))
                .supernodes(List.of(supernode.address().orElseThrow()))
                .build());
  }

  @AfterEach
  void close() throws Exception {
    client.close();
    supernode.close();
    source.close();
  }

  private MetricsText metrics() throws Exception {
    try (RawConnection connection = RawConnection.to(supernode.address().orElseThrow())) {
      return MetricsText.parse(connection.send("GET /metrics HTTP/1.1\nHost: h\n\n").read().text());
    }
  }

  private static long supernodes(MetricsText page, String name) {
    return page.get("dragonfly_supernode_" + name);
  }

  /** Fetches as one that gives to nobody, and so takes no part any more when it is done. */
  private TaskId fetch(String target) throws Exception {
    Path output = dir.resolve("out");
    FetchRequest request =
        FetchRequest.builder(source.url(target)).output(output).pattern(FetchMode.CDN).build();
    TaskId task = client.fetch(request).task();
    assertThat(output).hasBinaryContent(bytes);
    return task;
  }

  private void awaitThatNobodyTakesPart() {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                supernode.admin().tasks().get(10, TimeUnit.SECONDS).stream()
                    .mapToInt(CachedTask::holding)
                    .allMatch(holding -> holding == 0));
  }

  @Test
  void aReadThatBreaksOffAndGoesOnIsARetry() throws Exception {
    start(config -> config);
    source.answers(new FaultySource(Fault.BREAKS_ONCE, bytes));
    assertThat(supernodes(metrics(), "source_retries_total")).isZero();

    fetch("/file");

    Awaitility.await() // the supernode notes the end of a read after the last peer has it
        .atMost(Duration.ofSeconds(30))
        .until(() -> supernodes(metrics(), "cdn_download_completed_total") == 1);
    MetricsText now = metrics();
    assertThat(supernodes(now, "source_retries_total")).isEqualTo(1);
    assertThat(supernodes(now, "cdn_trigger_total")).isEqualTo(1);
    assertThat(supernodes(now, "cdn_trigger_failed_total")).isZero();
    assertThat(now.get(FAILED)).isZero();
  }

  @Test
  void aReadThatNeverEndsWellHasFailed() throws Exception {
    start(config -> config.sourceGiveUp(Duration.ofSeconds(2)));
    source.answers(new FaultySource(Fault.BREAKS_ALWAYS, bytes));

    assertThatThrownBy(() -> fetch("/file")).isInstanceOf(SourceFailedException.class);

    MetricsText now = metrics();
    assertThat(now.get(FAILED)).isEqualTo(1);
    assertThat(supernodes(now, "source_retries_total")).isPositive();
    assertThat(supernodes(now, "cdn_download_completed_total")).isZero();
  }

  @Test
  void aQuestionThatIsAnsweredWithNonsenseHasFailed() throws Exception {
    start(config -> config);
    source.answers((ask, out) -> RawSource.head(out, "400 Bad Request", "Content-Length: 0"));

    assertThatThrownBy(() -> fetch("/file")).isInstanceOf(SourceFailedException.class);

    MetricsText now = metrics();
    assertThat(now.get(QUESTIONS.formatted("failed"))).isEqualTo(1);
    assertThat(now.get(QUESTIONS.formatted("refused"))).isZero();
    assertThat(now.get(QUESTIONS.formatted("answered"))).isZero();
  }

  @Test
  void aBitThatFlippedIsADamagedPiece() throws Exception {
    start(config -> config);
    source.answers(new FaultySource(Fault.NONE, bytes));
    TaskId task = fetch("/file");
    awaitThatNobodyTakesPart();
    Path data = dir.resolve("supernode/tasks").resolve(task.hex()).resolve("data");
    byte[] damaged = bytes.clone();
    damaged[LENGTH - 1] ^= 1;
    Files.write(data, damaged);

    assertThat(supernode.admin().verify(task).get(20, TimeUnit.SECONDS).orElseThrow().bad())
        .containsExactly(1);

    assertThat(supernodes(metrics(), "cdn_damaged_pieces_total")).isEqualTo(1);
  }

  @Test
  void aTaskThatMakesRoomForAnotherIsGivenUp() throws Exception {
    start(config -> config.quotaBytes(ROOM).ringBytes(0));
    source.answers(new FaultySource(Fault.NONE, bytes));
    fetch("/first");
    awaitThatNobodyTakesPart();
    MetricsText before = metrics();
    assertThat(supernodes(before, "cache_quota_bytes")).isEqualTo(ROOM);
    assertThat(supernodes(before, "gc_tasks_total")).isZero();

    fetch("/second");

    MetricsText now = metrics();
    assertThat(supernodes(now, "gc_tasks_total")).isEqualTo(1);
    assertThat(supernodes(now, "gc_bytes_total")).isEqualTo(LENGTH);
    assertThat(supernodes(now, "cdn_trigger_total")).isEqualTo(2);
  }

  @Test
  void aTaskThatThereIsNoRoomForCouldNotBeMadeReady() throws Exception {
    start(config -> config.quotaBytes(LENGTH - 1).ringBytes(0));
    source.answers(new FaultySource(Fault.NONE, bytes));

    assertThatThrownBy(() -> fetch("/file")).isInstanceOf(NoSpaceException.class);

    MetricsText now = metrics();
    assertThat(supernodes(now, "cdn_trigger_total")).isEqualTo(1);
    assertThat(supernodes(now, "cdn_trigger_failed_total")).isEqualTo(1);
    assertThat(supernodes(now, "dfgettasks_failed_total{reason=\"no_space\"}")).isEqualTo(1);
    assertThat(supernodes(now, "gc_tasks_total")).isZero();
  }

  @Test
  void eachIsolationOfAPeerIsCounted() throws Exception {
    start(config -> config);
    var peer = PeerSecret.random(new SecureRandom()).id();

    listener.isolated(peer, 1, "two others got wrong bytes");
    listener.isolated(peer, 2, "and again");

    assertThat(supernodes(metrics(), "isolations_total")).isEqualTo(2);
  }
}
