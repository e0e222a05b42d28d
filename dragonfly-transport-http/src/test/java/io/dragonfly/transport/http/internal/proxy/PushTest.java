package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.proxy.Upstream;
import mockwebserver3.MockResponse;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.junit.jupiter.api.Test;

/** Pushes pass untouched. */
class PushTest extends ProxyTest {
  private static final String UPLOADS = "/v2/lab/app/blobs/uploads/";

  @Test
  void anUploadGoesOnAtTheMirror() throws Exception {
    registry.on(
        UPLOADS,
        r ->
            new MockResponse.Builder()
                .code(202)
                .addHeader("Location", registry.url(UPLOADS + "1?_state=a%2Fb%3D"))
                .addHeader("Range", "0-0")
                .build());
    registry.on(
        UPLOADS + "1",
        r -> new MockResponse.Builder().code(r.getMethod().equals("PUT") ? 201 : 202).build());
    start(config().upstream(Upstream.parse("hub=" + registry.url(""))));
    byte[] part = FakeRegistry.bytes(3 * MIB, 1);
    String next;
    try (Response response = post("/v2/hub" + UPLOADS.substring(3))) {
      assertThat(response.code()).isEqualTo(202);
      next = response.header("Location");
      assertThat(next).isEqualTo("/v2/hub" + UPLOADS.substring(3) + "1?_state=a%2Fb%3D");
    }

    try (Response response = send("PATCH", next, RequestBody.create(part))) {
      assertThat(response.code()).isEqualTo(202);
    }
    assertThat(registry.last().getBody().toByteArray()).isEqualTo(part);
    assertThat(registry.last().getHeaders().get("Content-Length"))
        .isEqualTo(Integer.toString(part.length));
    assertThat(registry.last().getUrl().encodedQuery()).isEqualTo("_state=a%2Fb%3D");
    try (Response response = send("PUT", next + "&digest=x", RequestBody.create(new byte[0]))) {
      assertThat(response.code()).isEqualTo(201);
    }
    try (Response response = send("DELETE", next, null)) {
      assertThat(response.code()).isEqualTo(202);
    }
    assertThat(registry.last().getMethod()).isEqualTo("DELETE");
  }

  private Response post(String path) throws Exception {
    return send("POST", path, RequestBody.create(new byte[0]));
  }

  private Response send(String method, String path, RequestBody body) throws Exception {
    return client
        .newCall(new Request.Builder().url(url(path)).method(method, body).build())
        .execute();
  }

  @Test
  void chunksPassAsTheyCome() throws Exception {
    registry.on(UPLOADS, r -> new MockResponse.Builder().code(202).build());
    start();
    try (RawConnection raw = connect()) {
      raw.send("PATCH " + UPLOADS + " HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\n");
      raw.send("5\nhello\n");
      raw.send("6\n world\n0\n\n");
      assertThat(raw.read().status()).isEqualTo(202);
      assertThat(registry.last().getBody().utf8()).isEqualTo("hello world");
      // The connection goes on.
      assertThat(raw.send("GET /v2/ HTTP/1.1\nHost: localhost\n\n").read().status()).isEqualTo(200);
    }
  }

  @Test
  void whatChangesARegistryPassesAsItIs() throws Exception {
    byte[] manifest = "{\"schemaVersion\":2}".getBytes(UTF_8);
    String digest = FakeRegistry.digest(manifest).toString();
    String[][] requests = {
      {"DELETE", "/v2/lab/app/blobs/" + digest, ""},
      {"DELETE", "/v2/lab/app/manifests/" + digest, ""},
      {"PUT", "/v2/lab/app/manifests/1", ""},
      {"PUT", "/v2/lab/app/manifests/" + digest, ""},
      {"POST", UPLOADS, "mount=" + digest + "&from=lab%2Fother"},
    };
    start();
    for (String[] one : requests) {
      registry.on(
          one[1],
          r ->
              new MockResponse.Builder()
                  .code(r.getMethod().equals("DELETE") ? 202 : 201)
                  .addHeader("Docker-Content-Digest", digest)
                  .build());
      String query = one[2].isEmpty() ? "" : "?" + one[2];
      boolean hasBody = one[0].equals("PUT");
      RequestBody body =
          hasBody
              ? RequestBody.create(manifest, MediaType.get(FakeRegistry.MANIFEST_TYPE))
              : RequestBody.create(new byte[0]);
      try (Response response =
          send(one[0], one[1] + query, one[0].equals("DELETE") ? null : body)) {
        assertThat(response.code()).isEqualTo(one[0].equals("DELETE") ? 202 : 201);
        assertThat(response.header("Docker-Content-Digest")).isEqualTo(digest);
      }
      var sent = registry.last();
      assertThat(sent.getMethod()).isEqualTo(one[0]);
      assertThat(sent.getUrl().encodedPath()).isEqualTo(one[1]);
      assertThat(String.valueOf(sent.getUrl().encodedQuery()))
          .isEqualTo(one[2].isEmpty() ? "null" : one[2]);
      if (hasBody) {
        assertThat(sent.getBody().toByteArray()).isEqualTo(manifest);
        assertThat(sent.getHeaders().get("Content-Type")).isEqualTo(FakeRegistry.MANIFEST_TYPE);
      }
    }
    assertThat(registry.requests).hasSize(requests.length);
    assertThat(counts().p2pRequests()).isZero();
  }

  @Test
  void aRefusedPushPassesTheRefusal() throws Exception {
    registry.authorization = "Basic eA==";
    registry.challenge = "Basic realm=\"x\"";
    start();

    try (Response response = post(UPLOADS)) {
      assertThat(response.code()).isEqualTo(401);
      assertThat(response.header("WWW-Authenticate")).isEqualTo("Basic realm=\"x\"");
    }
    assertThat(counts().tokenRequests()).isZero();
  }
}
