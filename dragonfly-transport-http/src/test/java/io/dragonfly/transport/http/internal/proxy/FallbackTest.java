package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoProgressException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchStream;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.proxy.ProxyRule;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import okhttp3.Response;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When the swarm cannot, a pull goes on directly, from the byte reached. */
class FallbackTest extends ProxyTest {
  private static final DistributionException GONE =
      new SupernodeUnreachableException("The supernode is gone.");

  private final byte[] blob = FakeRegistry.bytes(MIB, 1);

  private FakeStreams startWith(FakeStreams swarm) throws IOException {
    start(config().patience(Duration.ofMillis(300)), ProxyLimits.DEFAULT, swarm);
    return swarm;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 70_000, 1048575})
  void aSwarmThatFailsIsLeftForTheByteThatItReached(int at) throws Exception {
    String path = registry.blob(blob);
    startWith(new FakeStreams(blob, at, GONE));

    assertThat(body(path)).isEqualTo(blob);
    assertThat(registry.requests).hasSize(1);
    String range = registry.last().getHeaders().get("Range");
    assertThat(range).isEqualTo(at == 0 ? null : "bytes=%d-1048575".formatted(at));
    assertThat(counts().fallbacks()).isEqualTo(1);
    assertThat(counts().p2pBytes()).isEqualTo(at);
    assertThat(counts().directBytes()).isEqualTo(blob.length - at);
  }

  @Test
  void withoutASupernodeTheHomeKeepsWhatIsReadAndGivesIt() throws Exception {
    String path = registry.blob(blob);
    FakeStreams gone = new FakeStreams(blob, 0, GONE);
    try (DistributionClient peer =
        new DistributionClient(ClientConfig.builder().home(dir.resolve("home")).build())) {
      start(
          config(),
          ProxyLimits.DEFAULT,
          request ->
              request.pattern() == FetchMode.SOURCE ? peer.stream(request) : gone.apply(request));

      assertThat(body(path)).isEqualTo(blob);
      assertThat(registry.requests).hasSize(1);
      assertThat(body(path)).isEqualTo(blob);
    }
    assertThat(registry.requests).hasSize(2);
    assertThat(registry.last().getHeaders().get("Range")).isEqualTo("bytes=0-0");
    assertThat(counts().fallbacks()).isEqualTo(2);
    assertThat(counts().p2pBytes()).isZero();
  }

  static List<DistributionException> reasons() {
    return List.of(
        GONE,
        new NoSpaceException("No space.", 2, 1, null),
        new NoProgressException("All who have it are isolated."));
  }

  @ParameterizedTest
  @MethodSource("reasons")
  void whyIsInTheLogAndHowOftenInTheMetrics(DistributionException why) throws Exception {
    String path = registry.blob(blob);
    startWith(new FakeStreams(blob, 70_000, why));

    try (Logged logged = new Logged(SwarmUpstream.class)) {
      assertThat(body(path)).isEqualTo(blob);

      assertThat(logged.lines())
          .containsExactly(
              "WARN %s: not through the swarm from byte 70000 on, but directly: %s"
                  .formatted(registry.url(path), why.getMessage()));
    }
    assertThat(FakeRegistry.text(body("/metrics"))).contains("dragonfly_proxy_fallbacks_total 1\n");
    assertThat(registry.last().getHeaders().get("Range")).isEqualTo("bytes=70000-1048575");
  }

  /** The advice of a fetch, to ask for another digest, is none for a container engine. */
  @Test
  void aWrongDigestIsNoAdviceToChangeTheRequest() throws Exception {
    String path = registry.blob(blob);
    byte[] corrupt = FakeStreams.corrupted(blob, 7);
    registry.put(path, corrupt);

    try (Logged logged = new Logged(SwarmUpstream.class)) {
      start();
      assertThatThrownBy(() -> body(path)).isInstanceOf(IOException.class);

      assertThat(logged.lines())
          .singleElement()
          .asString()
          .contains("does not have the digest that the URL names", "push the image anew")
          .doesNotContain("request");
    }
  }

  /** No fakes but the registry: a supernode that is lost while it reads, and nobody who may. */
  @Test
  @Tag("slow") // its patience must do for a first byte on a busy machine
  void aSupernodeThatIsLostInTheMiddleOfABlobEndsNoPull() throws Exception {
    String path = registry.blob(blob);
    HeldBody half = new HeldBody(blob, 600_000);
    registry.on(
        path,
        r ->
            r.getHeaders().get("Range") == null
                ? new MockResponse.Builder().body(half).build()
                : null);
    Supernode supernode =
        new Supernode(
            SupernodeConfig.builder()
                .homeDir(dir.resolve("supernode"))
                .port(0)
                .backToSourcePeers(0)
                .build());
    ClientConfig peerConfig =
        ClientConfig.builder()
            .home(dir.resolve("home"))
            .supernodes(List.of(supernode.address().orElseThrow()))
            .build();
    try (supernode;
        Logged logged = new Logged(SwarmUpstream.class);
        DistributionClient peer = new DistributionClient(peerConfig)) {
      start(config().patience(Duration.ofSeconds(15)), ProxyLimits.DEFAULT, peer::stream);
      try (RawConnection engine =
          connect().send("GET " + path + " HTTP/1.1\nHost: localhost\n\n")) {
        assertThat(engine.readHead().header("Content-Length")).isEqualTo("" + blob.length);
        byte[] first = engine.read(300_000);
        supernode.close();
        byte[] rest = engine.read(blob.length - 300_000);

        assertThat(FakeRegistry.digest(join(first, rest))).isEqualTo(FakeRegistry.digest(blob));
      }
      assertThat(counts().p2pBytes()).isBetween(300_000L, 600_000L);
      assertThat(counts().directBytes()).isEqualTo(blob.length - counts().p2pBytes());
      assertThat(counts().fallbacks()).isEqualTo(1);
      assertThat(logged.lines())
          .singleElement()
          .asString()
          .contains(" from byte " + counts().p2pBytes() + " on, but directly: ");
      assertThat(registry.requests)
          .map(r -> String.valueOf(r.getHeaders().get("Range")))
          .anyMatch(range -> range.endsWith("-1048575")); // from its piece on, into the home
      half.rest().countDown();
    } finally {
      half.rest().countDown();
    }
  }

  private static byte[] join(byte[] one, byte[] two) {
    byte[] both = Arrays.copyOf(one, one.length + two.length);
    System.arraycopy(two, 0, both, one.length, two.length);
    return both;
  }

  /** Neither the swarm nor the registry goes on: then the pull ends, and nobody is kept waiting. */
  @Test
  void aRegistryThatFallsSilentInTheMiddleEndsThePullInTime() throws Exception {
    String path = registry.blob(blob);
    HeldBody half = new HeldBody(blob, 600_000);
    registry.on(path, r -> new MockResponse.Builder().body(half).build());
    start(
        config().patience(Duration.ofMillis(200)).answerTimeout(Duration.ofSeconds(1)),
        ProxyLimits.DEFAULT,
        new FakeStreams(blob, 100_000, null));

    try (Logged logged = new Logged(Contents.class)) {
      assertThatThrownBy(() -> body(path)).isInstanceOf(IOException.class);

      // Each of them would have to bring at least a byte.
      assertThat(logged.lines())
          .hasSize(4)
          .allSatisfy(line -> assertThat(line).contains("broke off at byte 600000"));
      // The swarm is waited for once more in between.
      Awaitility.await().untilAsserted(() -> assertThat(registry.requests).hasSize(5));
    } finally {
      half.rest().countDown();
    }
    assertThat(counts().corruptBodies()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 100_000})
  void aSilentSwarmIsLeftInTime(int at) throws Exception {
    String path = registry.blob(blob);
    FakeStreams swarm = startWith(new FakeStreams(blob, at, null));

    assertThat(body(path)).isEqualTo(blob);
    assertThat(counts().fallbacks()).isEqualTo(1);
    assertThat(swarm.closed.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aRangeGoesOnToo() throws Exception {
    String path = registry.blob(blob);
    startWith(new FakeStreams(blob, 150_000, GONE));

    try (Response response = get(path, "Range", "bytes=100000-199999")) {
      assertThat(response.code()).isEqualTo(206);
      assertThat(response.body().bytes()).isEqualTo(Arrays.copyOfRange(blob, 100_000, 200_000));
    }
    assertThat(registry.last().getHeaders().get("Range")).isEqualTo("bytes=150000-199999");
  }

  @Test
  void whatWasSentBeforeIsPartOfTheDigest() throws Exception {
    String path = registry.blob(blob);
    startWith(new FakeStreams(FakeStreams.corrupted(blob, 7), 200_000, GONE));

    assertThatThrownBy(() -> body(path)).isInstanceOf(IOException.class);
    assertThat(counts().corruptBodies()).isEqualTo(1);
  }

  @Test
  void aRegistryWithoutRangesIsReadFromTheBeginning() throws Exception {
    String path = registry.blob(blob);
    registry.on(
        path,
        r -> new mockwebserver3.MockResponse.Builder().body(new okio.Buffer().write(blob)).build());
    startWith(new FakeStreams(blob, 500_000, GONE));

    assertThat(body(path)).isEqualTo(blob);
  }

  @Test
  void whatHasNoDigestIsNotPutTogetherOfTwoVersions() throws Exception {
    registry.put("/files/a.rpm", blob);
    start(
        config().rule(ProxyRule.parse("\\.rpm$=p2p")),
        ProxyLimits.DEFAULT,
        new FakeStreams(blob, 500_000, GONE));

    assertThatThrownBy(() -> body("/files/a.rpm")).isInstanceOf(IOException.class);
    assertThat(registry.requests).isEmpty();
  }

  @Test
  void aClientThatLeavesEndsNoDownloadThatOthersWaitFor() throws Exception {
    String path = registry.blob(blob);
    HeldBody half = new HeldBody(blob, 600_000);
    registry.on(
        path,
        r ->
            r.getHeaders().get("Range") == null
                ? new MockResponse.Builder().body(half).build()
                : null);
    List<FetchStream> streams = new CopyOnWriteArrayList<>();
    try (DistributionClient peer =
        new DistributionClient(ClientConfig.builder().home(dir.resolve("home")).build())) {
      start(
          config().patience(Duration.ofMinutes(1)),
          ProxyLimits.DEFAULT,
          request -> {
            FetchStream stream = peer.stream(request);
            streams.add(stream);
            return stream;
          });
      String get = "GET " + path + " HTTP/1.1\nHost: localhost\n\n";
      RawConnection leaving = connect().send(get);
      assertThat(leaving.readHead().status()).isEqualTo(200);
      assertThat(leaving.read(200_000)).isEqualTo(Arrays.copyOf(blob, 200_000));
      try (RawConnection staying = connect().send(get)) {
        assertThat(staying.readHead().status()).isEqualTo(200);
        assertThat(staying.read(200_000)).isEqualTo(Arrays.copyOf(blob, 200_000));

        leaving.close();
        Awaitility.await().until(() -> streams.get(0).fetch().completion().isDone());
        half.rest().countDown();

        assertThat(staying.read(blob.length - 200_000))
            .isEqualTo(Arrays.copyOfRange(blob, 200_000, blob.length));
      }
    } finally {
      half.rest().countDown();
    }
    assertThat(streams).hasSize(2);
    assertThat(registry.requests)
        .filteredOn(r -> !"bytes=0-0".equals(r.getHeaders().get("Range")))
        .hasSize(1);
    assertThat(counts().fallbacks()).isZero();
  }

  @Test
  void aClientThatLeavesEndsItsStream() throws Exception {
    String path = registry.blob(blob);
    FakeStreams swarm = new FakeStreams(blob, 300_000, null);
    start(config(), ProxyLimits.DEFAULT, swarm);
    RawConnection leaving = connect().send("GET " + path + " HTTP/1.1\nHost: localhost\n\n");
    leaving.readHead();

    leaving.close();

    assertThat(swarm.closed.await(10, TimeUnit.SECONDS)).isTrue();
    Awaitility.await().until(() -> counts().requests() == 1);
    assertThat(counts().fallbacks()).isZero();
    assertThat(registry.requests).isEmpty();
  }
}
