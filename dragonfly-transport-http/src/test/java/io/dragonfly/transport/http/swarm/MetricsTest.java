package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.fetch.ClientState;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.metrics.MicrometerListener;
import io.dragonfly.transport.http.metrics.MicrometerSupernodeListener;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a supernode and its peers say of themselves to machines that ask, over real sockets. */
@ExtendWith(LeakCheck.class)
class MetricsTest {
  private static final String KEPT = "dragonfly_dfget_received_bytes_total{origin=\"%s\"}";
  private static final String TOLD = "dragonfly_supernode_reported_bytes_total{origin=\"%s\"}";

  @TempDir Path dir;
  private SwarmSource source;
  private Supernode supernode;
  private final List<DistributionClient> clients = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    source = new SwarmSource();
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    supernode =
        new Supernode(
            SupernodeConfig.builder()
                .homeDir(dir.resolve("supernode"))
                .port(0)
                .listener(new MicrometerSupernodeListener(registry))
                .metricsPage(registry::scrape)
                .build());
    clients.add(client(0));
    clients.add(client(1));
  }

  private DistributionClient client(int number) {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    return new DistributionClient(
        ClientConfig.builder()
            .home(dir.resolve("home" + number))
            .supernodes(List.of(supernode.address().orElseThrow()))
            .listener(new MicrometerListener(registry))
            .metricsPage(registry::scrape)
            .build());
  }

  @AfterEach
  void close() {
    clients.forEach(DistributionClient::close);
    supernode.close();
    source.close();
  }

  private static RawConnection.Message get(InetSocketAddress address, String request)
      throws Exception {
    try (RawConnection connection = RawConnection.to(address)) {
      return connection.send(request + " HTTP/1.1\nHost: h\n\n").read();
    }
  }

  private static MetricsText scrape(InetSocketAddress address) throws Exception {
    RawConnection.Message page = get(address, "GET /metrics");
    assertThat(page.status()).isEqualTo(200);
    assertThat(page.header("Content-Type")).isEqualTo("text/plain; version=0.0.4; charset=utf-8");
    return MetricsText.parse(page.text());
  }

  private MetricsText ofSupernode() throws Exception {
    return scrape(supernode.address().orElseThrow());
  }

  private MetricsText ofClient(int number) throws Exception {
    return scrape(clients.get(number).address().orElseThrow());
  }

  private FetchRequest request(TestFile file, int client) {
    return FetchRequest.builder(source.url(file)).output(dir.resolve("out" + client)).build();
  }

  private List<FetchResult> fetchOnBoth(TestFile file) throws Exception {
    List<Fetch> fetches =
        List.of(clients.get(0).start(request(file, 0)), clients.get(1).start(request(file, 1)));
    return List.of(
        fetches.get(0).completion().get(60, TimeUnit.SECONDS),
        fetches.get(1).completion().get(60, TimeUnit.SECONDS));
  }

  @Test
  void bytesAreCountedByWhereTheyCameFrom() throws Exception {
    TestFile file = source.publish(TestFile.random("file", 6_000_000));
    MetricsText before = ofSupernode();
    List<MetricsText> clientsBefore = List.of(ofClient(0), ofClient(1));
    assertThat(before.get("dragonfly_supernode_source_bytes_total")).isZero();
    assertThat(clientsBefore.get(0).get(KEPT.formatted("peer"))).isZero();

    List<FetchResult> results = fetchOnBoth(file);

    long fromPeers = 0;
    long fromSupernode = 0;
    long given = 0;
    for (int i = 0; i < 2; i++) {
      MetricsText now = ofClient(i);
      now.follows(clientsBefore.get(i));
      assertThat(now.get(KEPT.formatted("peer"))).isEqualTo(results.get(i).bytesFromPeers());
      assertThat(now.get(KEPT.formatted("supernode")))
          .isEqualTo(results.get(i).bytesFromSupernode());
      assertThat(now.get(KEPT.formatted("source"))).isZero();
      assertThat(now.get("dragonfly_dfget_download_total")).isEqualTo(1);
      assertThat(now.get("dragonfly_dfget_download_size_bytes_total")).isEqualTo(file.length());
      assertThat(now.get("dragonfly_dfget_download_duration_seconds_count")).isEqualTo(1);
      assertThat(now.get("dragonfly_dfget_download_duration_seconds_bucket{le=\"600.0\"}"))
          .isEqualTo(1);
      assertThat(now.get("dragonfly_dfget_running")).isZero();
      fromPeers += results.get(i).bytesFromPeers();
      fromSupernode += results.get(i).bytesFromSupernode();
      given += now.get("dragonfly_dfget_given_bytes_total");
    }
    assertThat(fromPeers + fromSupernode).isEqualTo(2 * file.length());
    // A piece may be given twice, where the first one comes late.
    assertThat(given).isGreaterThanOrEqualTo(fromPeers);
    MetricsText after = ofSupernode();
    after.follows(before);
    assertThat(after.get("dragonfly_supernode_source_bytes_total")).isEqualTo(file.length());
    assertThat(after.get("dragonfly_supernode_pieces_downloaded_size_bytes_total"))
        .isGreaterThanOrEqualTo(fromSupernode);
    assertThat(after.get("dragonfly_supernode_dfgettasks_registered_total")).isEqualTo(2);
    assertThat(after.get("dragonfly_supernode_tasks_registered_total")).isEqualTo(1);
    assertThat(after.get("dragonfly_supernode_cdn_download_total")).isEqualTo(1);

    long toldByPeers = fromPeers;
    long toldOfSupernode = fromSupernode;
    Awaitility.await() // the last reports are held back for a moment
        .untilAsserted(
            () -> {
              MetricsText told = ofSupernode();
              told.follows(after);
              assertThat(told.get("dragonfly_supernode_cdn_download_completed_total")).isEqualTo(1);
              assertThat(told.get(TOLD.formatted("peer"))).isEqualTo(toldByPeers);
              assertThat(told.get(TOLD.formatted("supernode"))).isEqualTo(toldOfSupernode);
            });
  }

  @Test
  void gaugesShowWhatIsThere() throws Exception {
    TestFile file = source.publish(TestFile.random("file", 6_000_000));
    fetchOnBoth(file);

    Awaitility.await() // a state is shown for a moment
        .untilAsserted(
            () -> {
              MetricsText now = ofSupernode();
              assertThat(now.get("dragonfly_supernode_tasks{cdnstatus=\"SUCCESS\"}")).isEqualTo(1);
              assertThat(now.get("dragonfly_supernode_peers")).isEqualTo(2);
              assertThat(now.get("dragonfly_supernode_cache_bytes")).isEqualTo(file.length());
              MetricsText peer = ofClient(1);
              assertThat(peer.get("dragonfly_dfget_home_tasks")).isEqualTo(1);
              assertThat(peer.get("dragonfly_dfget_home_bytes")).isEqualTo(file.length());
            });
  }

  @Test
  void questionsRefusalsAndCacheHitsAreCounted() throws Exception {
    TestFile secret = source.publish(TestFile.random("secret", 100).readableWith("Basic eA=="));
    TestFile open = source.publish(TestFile.random("open", 300_000));
    assertThatThrownBy(() -> clients.get(0).fetch(request(secret, 0)))
        .isInstanceOf(AccessRefusedException.class);
    clients.get(0).fetch(request(open, 0));
    clients.get(1).fetch(request(open, 1));

    MetricsText now = ofSupernode();
    String refused = "dragonfly_supernode_dfgettasks_failed_total{reason=\"access_refused\"}";
    assertThat(now.get(refused)).isEqualTo(1);
    assertThat(now.get("dragonfly_supernode_source_probes_total{result=\"refused\"}")).isEqualTo(1);
    // One for each peer, and one after the read: is it still the same?
    assertThat(now.get("dragonfly_supernode_source_probes_total{result=\"answered\"}"))
        .isEqualTo(3);
    assertThat(now.get("dragonfly_supernode_cdn_cache_hit_total")).isEqualTo(1);
    assertThat(ofClient(0).get("dragonfly_dfget_download_failed_total{reason=\"access_refused\"}"))
        .isEqualTo(1);
    assertThat(ofClient(0).get("dragonfly_dfget_download_total")).isEqualTo(2);
  }

  @Test
  void aPieceThatCameHasNotFailed() throws Exception {
    String done = "outcome=\"done\"";

    assertThat(get(clients.get(0).address().orElseThrow(), "GET /metrics").text())
        .contains("dragonfly_dfget_pieces_failed_total{outcome=\"stalled\"} 0.0")
        .doesNotContain(done);
    assertThat(get(supernode.address().orElseThrow(), "GET /metrics").text()).doesNotContain(done);
  }

  @Test
  void aHeadIsAGetWithoutABody() throws Exception {
    try (RawConnection connection = RawConnection.to(supernode.address().orElseThrow())) {
      for (String path : List.of("/metrics", "/healthz", "/readyz")) {
        RawConnection.Message head =
            connection.send("HEAD %s HTTP/1.1\nHost: h\n\n".formatted(path)).readHead();

        assertThat(head.status()).as(path).isEqualTo(200);
        assertThat(head.header("Content-Length")).isNotEqualTo("0");
      }
      assertThat(connection.send("GET /healthz HTTP/1.1\nHost: h\n\n").read().text())
          .as("what follows is the next answer, and no body")
          .contains("alive");
    }
  }

  @Test
  void noLabelHasMoreValuesThanAreKnownBeforehand() throws Exception {
    assertThat(ofSupernode().labels())
        .containsOnly("reason", "result", "origin", "outcome", "cdnstatus", "event");
    assertThat(ofClient(0).labels()).containsOnly("reason", "origin", "outcome", "le", "event");
  }

  @Test
  void peersAnswerWhetherTheyLive() throws Exception {
    InetSocketAddress peer = clients.get(0).address().orElseThrow();
    assertThat(get(peer, "GET /healthz").status()).isEqualTo(200);
    assertThat(get(peer, "GET /readyz").text()).contains("ready");
    assertThat(get(peer, "GET /metrics?x=1").status()).isEqualTo(200);
    assertThat(get(peer, "DELETE /metrics").status()).isEqualTo(405);
    assertThat(get(peer, "GET /api/v2/admin/status").status()).isEqualTo(404);
  }

  @Test
  void whoKeepsNoMetricsSaysSo() throws Exception {
    try (Supernode bare =
        new Supernode(SupernodeConfig.builder().homeDir(dir.resolve("bare")).port(0).build())) {
      RawConnection.Message answer = get(bare.address().orElseThrow(), "GET /metrics");
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.text()).contains("no metrics");
    }
  }

  @Test
  void eachGaugeShowsItsPartOfTheState() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    MicrometerListener listener = new MicrometerListener(registry);

    listener.opened(() -> new ClientState(1, 2, OptionalLong.of(3), 4, 5));

    MetricsText now = MetricsText.parse(registry.scrape());
    assertThat(now.get("dragonfly_dfget_home_tasks")).isEqualTo(1);
    assertThat(now.get("dragonfly_dfget_home_bytes")).isEqualTo(2);
    assertThat(now.get("dragonfly_dfget_home_quota_bytes")).isEqualTo(3);
    assertThat(now.get("dragonfly_dfget_waiting_children")).isEqualTo(4);
    assertThat(now.get("dragonfly_dfget_buffer_bytes")).isEqualTo(5);
  }

  @Test
  void gaugesEndWithWhatTheyAreOf() throws Exception {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    ClientConfig config =
        ClientConfig.builder()
            .home(dir.resolve("other"))
            .listener(new MicrometerListener(registry))
            .build();
    new DistributionClient(config).close();
    assertThat(registry.scrape())
        .contains("dragonfly_dfget_download_total 0")
        .doesNotContain("home");
  }
}
