package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.testkit.FreePorts;
import io.dragonfly.transport.http.proxy.ProxyRule;
import io.dragonfly.transport.http.proxy.Upstream;
import java.io.IOException;
import java.util.List;
import mockwebserver3.MockResponse;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.junit.jupiter.api.Test;

/** Several registries behind one proxy. */
class UpstreamsTest extends ProxyTest {
  @Test
  void nsNamesTheRegistryOfARequest() throws Exception {
    byte[] blob = FakeRegistry.bytes(1000, 5);
    String path = registry.blob(blob);
    start(config());
    FakeRegistry other = new FakeRegistry();
    try (other) {
      byte[] its = FakeRegistry.bytes(2000, 6);
      String itsPath = other.blob(its);

      assertThat(body(itsPath + "?ns=" + other.authority())).isEqualTo(its);
      assertThat(body(path)).isEqualTo(blob);
      assertThat(other.last().getUrl().query()).isNull();
    }
    try (Response response = get("/v2/?ns=http://evil/")) {
      assertThat(response.code()).isEqualTo(400);
    }
  }

  @Test
  void whatNsNamedIsStillNamedWhereAnAnswerLeads() throws Exception {
    FakeRegistry one = new FakeRegistry();
    FakeRegistry two = new FakeRegistry();
    try (one;
        two) {
      for (FakeRegistry each : List.of(one, two)) {
        each.on(
            "/v2/lab/app/tags/list",
            r ->
                new MockResponse.Builder()
                    .addHeader("Link", "</v2/lab/app/tags/list?last=1&n=1>; rel=\"next\"")
                    .body(r.getUrl().queryParameter("last") == null ? "first" : each.authority())
                    .build());
        each.on(
            "/v2/lab/app/blobs/uploads/",
            r ->
                new MockResponse.Builder()
                    .code(202)
                    .addHeader("Location", each.url("/v2/lab/app/blobs/uploads/1?_state=a%2Fb"))
                    .build());
      }
      start();
      for (FakeRegistry each : List.of(one, two, one)) {
        String ns = "ns=" + each.authority();
        try (Response list = get("/v2/lab/app/tags/list?n=1&" + ns)) {
          String link = list.header("Link");
          assertThat(link).startsWith("</v2/lab/app/tags/list?last=1&n=1&ns=").endsWith("next\"");
          String next = link.substring(1, link.indexOf('>'));
          assertThat(body(next)).isEqualTo(each.authority().getBytes(UTF_8));
        }
        Request post =
            new Request.Builder()
                .url(url("/v2/lab/app/blobs/uploads/?" + ns))
                .post(RequestBody.create(new byte[0]))
                .build();
        try (Response upload = client.newCall(post).execute()) {
          String place = upload.header("Location");
          assertThat(place).startsWith("/v2/lab/app/blobs/uploads/1?_state=a%2Fb&ns=");
          get(place).close();
          assertThat(each.last().getUrl().encodedQuery()).isEqualTo("_state=a%2Fb");
        }
      }
      assertThat(registry.requests).isEmpty();
    }
  }

  @Test
  void anUpstreamHasAPathAndAPort() throws Exception {
    FakeRegistry other = new FakeRegistry();
    try (other) {
      byte[] blob = FakeRegistry.bytes(3000, 7);
      String path = other.blob(blob);
      int port = FreePorts.next();
      start(config().upstream(Upstream.parse("hub:%d=%s".formatted(port, other.url("")))));

      assertThat(body("/v2/hub" + path.substring(3))).isEqualTo(blob);
      Request onPort = new Request.Builder().url("http://127.0.0.1:" + port + path).build();
      try (Response response = client.newCall(onPort).execute()) {
        assertThat(response.body().bytes()).isEqualTo(blob);
      }
      assertThat(counts().p2pRequests()).isEqualTo(2);
      try (Response response = get("/v2/hub/")) {
        assertThat(response.code()).isEqualTo(200);
      }
      assertThat(other.last().getUrl().encodedPath()).isEqualTo("/v2/");
    }
  }

  @Test
  void aListThatIsCutGoesOnAtTheMirror() throws Exception {
    registry.on(
        "/v2/lab/app/tags/list",
        r ->
            new MockResponse.Builder()
                .addHeader("Link", "</v2/lab/app/tags/list?last=1&n=1>; rel=\"next\"")
                .body("{}")
                .build());
    start(config().upstream(Upstream.parse("hub=" + registry.url(""))));

    try (Response response = get("/v2/hub/lab/app/tags/list?n=1")) {
      assertThat(response.header("Link"))
          .isEqualTo("</v2/hub/lab/app/tags/list?last=1&n=1>; rel=\"next\"");
    }
  }

  @Test
  void registriesWithTheSamePathsAreNotMixedUp() throws Exception {
    String tag = "/v2/lab/app/manifests/1";
    FakeRegistry one = new FakeRegistry();
    FakeRegistry two = new FakeRegistry();
    try (one;
        two) {
      registry.put(tag, "of the default".getBytes(UTF_8));
      one.put(tag, "of one".getBytes(UTF_8));
      two.put(tag, "of two".getBytes(UTF_8));
      String blobOfOne = one.blob("its blob".getBytes(UTF_8));
      int[] ports = {FreePorts.next(), FreePorts.next()};
      start(
          config()
              .rule(ProxyRule.parse("/manifests/=p2p")) // its home must tell them apart, too
              .upstream(Upstream.parse("one:%d=%s".formatted(ports[0], one.url(""))))
              .upstream(Upstream.parse("two:%d=%s".formatted(ports[1], two.url("")))));

      for (int i = 0; i < 2; i++) {
        assertThat(FakeRegistry.text(body(tag))).isEqualTo("of the default");
        assertThat(FakeRegistry.text(body("/v2/one/lab/app/manifests/1"))).isEqualTo("of one");
        assertThat(FakeRegistry.text(body("/v2/two/lab/app/manifests/1"))).isEqualTo("of two");
        assertThat(onPort(ports[0], tag)).isEqualTo("of one");
        assertThat(onPort(ports[1], tag)).isEqualTo("of two");
        assertThat(onPort(ports[0], blobOfOne)).isEqualTo("its blob");
        assertThat(onPort(ports[1], blobOfOne)).contains("BLOB_UNKNOWN");
      }
      assertThat(counts().p2pRequests()).isEqualTo(12);
    }
  }

  private String onPort(int port, String path) throws IOException {
    Request request = new Request.Builder().url("http://127.0.0.1:" + port + path).build();
    try (Response response = client.newCall(request).execute()) {
      return response.body().string();
    }
  }
}
