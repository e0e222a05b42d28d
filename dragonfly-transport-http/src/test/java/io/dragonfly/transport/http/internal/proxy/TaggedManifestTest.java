package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

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
    registry.on(
        PATH,
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

    try (Logged logged = new Logged(Exchange.class);
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
