package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.control.Preheat;
import io.dragonfly.control.Preheat.State;
import io.dragonfly.control.PreheatRequest;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.ErrorKind;
import io.dragonfly.home.CachedTask;
import io.dragonfly.task.ImageName;
import io.dragonfly.task.Trust;
import io.dragonfly.transport.http.RawConnection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What was preheated is what a later pull asks for. */
class PreheatTest extends ProxyTest {
  private static final String MANIFESTS = "/v2/lab/app/manifests/";

  private final byte[] layer = FakeRegistry.bytes(MIB, 1);
  private final byte[] other = FakeRegistry.bytes(300_000, 2);
  private final byte[] config =
      "{\"os\":\"linux\",\"architecture\":\"arm64\"}".getBytes(StandardCharsets.UTF_8);
  private Path token;
  private Supernode supernode;
  private DistributionClient peer;
  private String manifest;
  private String foreign;

  @BeforeEach
  void startSwarm() throws IOException {
    token = Files.writeString(dir.resolve("token"), "0123456789abcdef".repeat(4));
    supernode =
        new Supernode(
            SupernodeConfig.builder()
                .homeDir(dir.resolve("supernode"))
                .port(0)
                .joinTokenFile(token)
                .build());
    peer =
        new DistributionClient(
            ClientConfig.builder()
                .home(dir.resolve("peer"))
                .joinTokenFile(token)
                .supernodes(List.of(supernode.address().orElseThrow()))
                .build());
    manifest = manifest("amd64", layer, config);
    foreign = manifest("arm64", other, config);
    registry.manifest("1", index().getBytes(StandardCharsets.UTF_8));
  }

  @AfterEach
  void stopSwarm() {
    peer.close();
    supernode.close();
  }

  private String manifest(String tag, byte[] layer, byte[] config) {
    registry.blob(layer);
    registry.blob(config);
    return registry.manifest(
        tag,
        """
        {"schemaVersion":2,"config":{"digest":"%s"},
         "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"%s"},
          {"mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip","digest":"%s"}]}
        """
            .formatted(
                FakeRegistry.digest(config),
                FakeRegistry.digest(layer),
                FakeRegistry.digest(FakeRegistry.bytes(1, 9)))
            .getBytes(StandardCharsets.UTF_8));
  }

  private String index() {
    String entry = "{\"digest\":\"%s\",\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}}";
    return "{\"schemaVersion\":2,\"manifests\":[%s,%s]}"
        .formatted(
            entry.formatted(manifest.substring(MANIFESTS.length()), "amd64"),
            entry.formatted(foreign.substring(MANIFESTS.length()), "arm64"));
  }

  private Preheat preheat(Optional<PreheatRequest.Login> login, String... platforms) {
    return preheat(List.of(), login, platforms);
  }

  private Preheat preheat(
      List<String> peers, Optional<PreheatRequest.Login> login, String... platforms) {
    return preheat(image("1", login, platforms), peers);
  }

  private PreheatRequest image(
      String tag, Optional<PreheatRequest.Login> login, String... platforms) {
    ImageName name = ImageName.parse(registry.authority() + "/lab/app:" + tag);
    return new PreheatRequest.Image(name, List.of(platforms), login, Trust.PLATFORM, true);
  }

  private Preheat preheat(PreheatRequest image, List<String> peers) {
    Preheat begun = supernode.admin().preheat(image, peers).join();
    await().atMost(Duration.ofMinutes(1)).until(() -> now(begun).state().isEnd());
    return now(begun);
  }

  /** Preheats an image that is described by one manifest. */
  private Preheat preheatOfOne(String... platforms) {
    return preheat(image("arm64", Optional.empty(), platforms), List.of());
  }

  private Preheat now(Preheat preheat) {
    return supernode.admin().preheat(preheat.id()).join().orElseThrow();
  }

  @Test
  void aPullAfterwardsReadsNoBlobFromTheRegistry() throws Exception {
    registry.wantTokens("secret");

    Preheat done = preheat(Optional.empty(), "linux/amd64");

    assertThat(done.failure()).isEmpty();
    assertThat(done.contents()).isEqualTo(4); // index, manifest, configuration, layer
    assertThat(done.done()).isEqualTo(4);
    assertThat(done.bytes()).isGreaterThan(MIB);
    String theirs = "/v2/lab/app/blobs/" + FakeRegistry.digest(other);
    assertThat(registry.asked("GET", theirs)).isZero();
    registry.requests.clear();
    start(config(), ProxyLimits.DEFAULT, peer::stream);

    assertThat(body(MANIFESTS + "1")).isEqualTo(index().getBytes(StandardCharsets.UTF_8));
    body(manifest);
    assertThat(body("/v2/lab/app/blobs/" + FakeRegistry.digest(layer))).isEqualTo(layer);
    assertThat(body("/v2/lab/app/blobs/" + FakeRegistry.digest(config))).isEqualTo(config);

    assertThat(counts().p2pRequests()).isEqualTo(3);
    assertThat(counts().fallbacks()).isZero();
    assertThat(registry.requests)
        .filteredOn(r -> r.getUrl().encodedPath().contains("/blobs/"))
        .allMatch(r -> "bytes=0-0".equals(r.getHeaders().get("Range")));
  }

  @Test
  void peersThatAllowItHaveItBeforeThePull() throws Exception {
    registry.wantTokens("secret");
    try (DistributionClient allows =
        new DistributionClient(
            ClientConfig.builder()
                .home(dir.resolve("allows"))
                .joinTokenFile(token)
                .zone("east")
                .acceptsPreheats(true)
                .supernodes(List.of(supernode.address().orElseThrow()))
                .build())) {
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> supernode.admin().peers().join().size() == 1);

      Preheat done = preheat(List.of("zone:east"), Optional.empty(), "linux/amd64");
      assertThat(done.peers()).isEqualTo(1);
      assertThatThrownBy(() -> preheat(List.of("zone:east", "zone:west"), Optional.empty()))
          .hasCauseInstanceOf(CallRefusedException.class)
          .hasMessageContaining("There is no such peer: 'zone:west' means none of the 1 ");
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> allows.tasks().stream().filter(CachedTask::isComplete).count() == 4);
      assertThat(peer.tasks()).isEmpty();
      start(config(), ProxyLimits.DEFAULT, allows::stream);
      assertThat(body("/v2/lab/app/blobs/" + FakeRegistry.digest(layer))).isEqualTo(layer);
    }
  }

  @Test
  void allPlatformsAreReadUnlessSomeAreNamed() {
    Preheat done = preheat(Optional.empty());

    assertThat(done.failure()).isEmpty();
    assertThat(done.contents()).isEqualTo(6); // the configuration is the same
  }

  @Test
  void aPlatformThatIsMissingIsNamedWithThoseThatAreThere() {
    Preheat failed = preheat(Optional.empty(), "windows/amd64");

    assertThat(failed.failure().orElseThrow().kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failed.failure().orElseThrow().message()).contains("linux/amd64, linux/arm64");
  }

  @Test
  void eachPlatformMustBeThere() {
    Preheat failed = preheat(Optional.empty(), "linux/amd64", "linux/arm64/v8", "windows/amd64");

    assertThat(failed.failure().orElseThrow().message())
        .contains("is not there for windows/amd64: it is for linux/amd64, linux/arm64.");
  }

  @Test
  void anImageForOnePlatformIsForThatOneAlone() {
    assertThat(preheatOfOne("linux/arm64").contents()).isEqualTo(3);
    assertThat(preheatOfOne("linux/arm64/v8").contents()).isEqualTo(3);
    assertThat(preheatOfOne().contents()).isEqualTo(3);

    Preheat failed = preheatOfOne("linux/amd64");

    assertThat(failed.contents()).isZero();
    assertThat(failed.failure().orElseThrow().kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failed.failure().orElseThrow().message())
        .contains("is not there for linux/amd64: it is for linux/arm64.");
  }

  @Test
  void anIndexThatNamesNoPlatformsIsLookedThrough() {
    String index =
        "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"%s\"}]}"
            .formatted(foreign.substring(MANIFESTS.length()));
    registry.manifest("bare", index.getBytes(StandardCharsets.UTF_8));

    Preheat done = preheat(image("bare", Optional.empty(), "linux/arm64"), List.of());
    Preheat failed = preheat(image("bare", Optional.empty(), "linux/amd64"), List.of());

    assertThat(done.contents()).isEqualTo(4);
    assertThat(failed.failure().orElseThrow().message()).contains("it is for linux/arm64");
  }

  @Test
  void aLayerThatIsMissingFailsItAll() {
    String path = "/v2/lab/app/blobs/" + FakeRegistry.digest(layer);
    registry.on(path, request -> new mockwebserver3.MockResponse.Builder().code(404).build());

    Preheat failed = preheat(Optional.empty());

    assertThat(failed.state()).isEqualTo(State.FAILED);
    assertThat(failed.failure().orElseThrow().kind()).isEqualTo(ErrorKind.NOT_FOUND);
  }

  @Test
  void aLoginIsForTheRegistryThatAsksForIt() {
    registry.authorization = "Basic dTpw"; // u:p
    registry.challenge = "Basic realm=\"lab\"";

    assertThat(preheat(Optional.empty()).failure().orElseThrow().kind())
        .isEqualTo(ErrorKind.ACCESS_REFUSED);
    Preheat done = preheat(Optional.of(new PreheatRequest.Login("u", "p")));

    assertThat(done.failure()).isEmpty();
    assertThat(done.toString()).doesNotContain("dTpw");
    assertThat(registry.requests.get(0).getHeaders().get("Authorization")).isNull();
  }

  @Test
  void theLoginBuysTheTokenOfAPrivateRegistry() {
    wantTokensForALogin();

    assertThat(preheat(Optional.empty()).failure().orElseThrow().kind())
        .isEqualTo(ErrorKind.ACCESS_REFUSED);
    Preheat done = preheat(Optional.of(new PreheatRequest.Login("u", "p")));

    assertThat(done.failure()).isEmpty();
    assertThat(done.contents()).isEqualTo(6);
    assertThat(registry.requests)
        .filteredOn(r -> !r.getUrl().encodedPath().equals("/token"))
        .noneMatch(r -> "Basic dTpw".equals(r.getHeaders().get("Authorization")));
  }

  private void wantTokensForALogin() {
    registry.wantTokens("secret");
    registry.on(
        "/token",
        r ->
            "Basic dTpw".equals(r.getHeaders().get("Authorization")) // u:p
                ? new MockResponse.Builder().body("{\"token\":\"secret\"}").build()
                : new MockResponse.Builder().code(401).build());
  }

  @Test
  void anImageIsPreheatedOverHttp() throws Exception {
    wantTokensForALogin();
    String json =
        "{\"image\":\"%s/lab/app:1\",\"platforms\":[\"linux/amd64\"],\"plainHttp\":true,"
                .formatted(registry.authority())
            + "\"username\":\"u\",\"password\":\"p\"}";

    RawConnection.Message begun = admin("POST /api/v2/preheats", json);

    assertThat(begun.status()).as(begun.text()).isEqualTo(202);
    assertThat(begun.text()).doesNotContain("dTpw", "secret", "\"p\"");
    String id = begun.text().replaceFirst("(?s).*\"id\":\"([0-9a-f]+)\".*", "$1");
    await()
        .until(
            () ->
                admin("GET /api/v2/preheats/" + id, "")
                    .text()
                    .matches("(?s).*\"state\":\"(done|failed)\".*"));
    assertThat(admin("GET /api/v2/preheats/" + id, "").text())
        .contains("\"state\":\"done\"", "\"done\":4");
  }

  private RawConnection.Message admin(String line, String json) throws Exception {
    String token = Files.readString(dir.resolve("supernode/admin-token")).trim();
    try (RawConnection connection = RawConnection.overTls(supernode.address().orElseThrow())) {
      return connection
          .send(
              "%s HTTP/1.1\nHost: h\nAuthorization: Bearer %s\nContent-Length: %d\n\n%s"
                  .formatted(line, token, json.length(), json))
          .read();
    }
  }

  @Test
  void aManifestWithAnotherDigestIsNotFollowed() {
    registry.put(manifest, "{\"layers\":[],\"config\":{}}".getBytes(StandardCharsets.UTF_8));

    assertThat(preheat(Optional.empty()).failure().orElseThrow().kind())
        .isEqualTo(ErrorKind.DIGEST_MISMATCH);
  }
}
