package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import mockwebserver3.MockResponse;
import okhttp3.Response;
import okio.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A registry says which digest a manifest by tag has, and is taken at its word. */
class TaggedManifestTest extends ProxyTest {
  private static final String PATH = "/v2/lab/app/manifests/latest";
  private static final byte[] MANIFEST = "{\"schemaVersion\":2,\"a\":1}".getBytes(UTF_8);
  private static final byte[] OTHER = "{\"schemaVersion\":2,\"a\":2}".getBytes(UTF_8);

  private void answer(byte[] named, byte[] sent) {
    answer(PATH, named, sent);
  }

  private void answer(String path, byte[] named, byte[] sent) {
    registry.on(
        path,
        r ->
            new MockResponse.Builder()
                .addHeader("Content-Type", FakeRegistry.MANIFEST_TYPE)
                .addHeader("Docker-Content-Digest", FakeRegistry.digest(named).toString())
                .body(new Buffer().write(sent))
                .build());
  }

  @Test
  void otherBytesThanTheRegistryNamesAreAnError() throws Exception {
    answer(MANIFEST, OTHER);
    start();

    try (Logged logged = new Logged(ProxyExchange.class);
        Response response = get(PATH)) {
      assertThat(response.code()).isEqualTo(502);
      assertThat(response.body().string())
          .contains("UNAVAILABLE", "its registry says " + FakeRegistry.digest(MANIFEST));
      assertThat(logged.lines())
          .singleElement()
          .asString()
          .startsWith("WARN " + registry.url(PATH) + ": the manifest has the digest ");
    }
    assertThat(counts().corruptBodies()).isEqualTo(1);
  }

  @Test
  void theRightBytesPassAlsoToClientsThatTakeCompressedOnes() throws Exception {
    answer(MANIFEST, MANIFEST);
    start();

    try (Response response = get(PATH, "Accept-Encoding", "gzip")) {
      assertThat(response.body().bytes()).isEqualTo(MANIFEST);
      assertThat(response.header("Content-Type")).isEqualTo(FakeRegistry.MANIFEST_TYPE);
      assertThat(response.header("Content-Length")).isEqualTo("" + MANIFEST.length);
    }
    assertThat(registry.last().getHeaders().get("Accept-Encoding")).isEqualTo("identity");
  }

  /** Registries name the digest of such a manifest without its signatures. */
  @Test
  void aManifestOfSchema1PassesAsItIs() throws Exception {
    byte[] old = "{ \"schemaVersion\" : 1, \"signatures\": []}".getBytes(UTF_8);
    answer(MANIFEST, old);
    start();

    assertThat(body(PATH)).isEqualTo(old);
  }

  @Test
  void whatAnotherServerThanAMirroredRegistrySaysPassesAsItIs() throws Exception {
    answer(MANIFEST, OTHER);
    start();

    try (Response response = through(registry.url(PATH))) {
      assertThat(response.body().bytes()).isEqualTo(OTHER);
    }
  }

  /** Clients that do not read what they have asked for must not fill the memory. */
  @Test
  void withoutRoomToHoldItAManifestPassesAsItIs() throws Exception {
    byte[] large = new byte[ProxyLimits.MANIFEST_BYTES];
    String other = "/v2/lab/app/manifests/other";
    answer(large, large);
    answer(other, MANIFEST, OTHER);
    start();
    List<Socket> clients = new ArrayList<>();
    try {
      for (int i = 0; i < ProxyLimits.MANIFESTS_BYTES / 2 / large.length; i++) {
        clients.add(askAndReadNothing());
      }

      assertThat(body(other)).isEqualTo(OTHER);
    } finally {
      for (Socket each : clients) {
        each.close();
      }
    }
    await()
        .until(
            () -> {
              try (Response response = get(other)) {
                return response.code() == 502;
              }
            });
  }

  private Socket askAndReadNothing() throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(16 << 10); // the system must not take all of the answer
    socket.connect(address());
    String head = "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".formatted(PATH);
    socket.getOutputStream().write(head.getBytes(UTF_8));
    assertThat(socket.getInputStream().readNBytes(12)).asString(UTF_8).isEqualTo("HTTP/1.1 200");
    return socket;
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "sha512:00", "long"})
  void whatCannotBeComparedPassesAsItIs(String what) throws Exception {
    byte[] sent = what.equals("long") ? new byte[9 * MIB] : OTHER;
    MockResponse.Builder answer = new MockResponse.Builder().body(new Buffer().write(sent));
    if (!what.equals("none")) {
      String digest = what.equals("long") ? FakeRegistry.digest(MANIFEST).toString() : what;
      answer.addHeader("Docker-Content-Digest", digest);
    }
    registry.on(PATH, r -> answer.build());
    start();

    assertThat(body(PATH)).isEqualTo(sent);
  }
}
