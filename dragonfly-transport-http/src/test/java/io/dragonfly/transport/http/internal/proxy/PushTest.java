package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.proxy.Upstream;
import mockwebserver3.MockResponse;
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
      raw.send(
          "PATCH "
              + UPLOADS
              + " HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n"
              + "Expect: 100-continue\n\n");
      assertThat(raw.readHead().first()).startsWith("HTTP/1.1 100");
      raw.send("5\nhello\n");
      raw.send("6\n world\n0\n\n");
      assertThat(raw.read().status()).isEqualTo(202);
      assertThat(registry.last().getBody().utf8()).isEqualTo("hello world");
      assertThat(registry.last().getHeaders().get("Expect")).isNull();
      // The connection goes on.
      assertThat(raw.send("GET /v2/ HTTP/1.1\nHost: x\n\n").read().status()).isEqualTo(200);
    }
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
