package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.Trust;
import io.dragonfly.transport.http.proxy.Upstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How token services are asked, and for how long. */
class TokenServiceTest extends ProxyTest {
  private static final byte[] BLOB = FakeRegistry.bytes(200_000, 1);

  @Test
  void aTokenServiceThatWantsAFormGetsOne() throws Exception {
    registry.wantTokens("abc");
    registry.on(
        "/token",
        r ->
            r.getMethod().equals("POST")
                ? new MockResponse.Builder().body("{\"access_token\":\"abc\"}").build()
                : new MockResponse.Builder().code(405).build());
    String blob = registry.blob(BLOB);
    String auth = Base64.getEncoder().encodeToString("bot:p:w&".getBytes());
    start(config().dockerConfig(login(registry.authority(), auth)));

    assertThat(body(blob)).isEqualTo(BLOB);
    RecordedRequest form =
        registry.requests.stream().filter(r -> r.getMethod().equals("POST")).findAny().get();
    assertThat(form.getUrl().encodedQuery()).isNull();
    assertThat(form.getHeaders().get("Authorization")).isNull();
    assertThat(form.getBody().utf8())
        .isEqualTo(
            "grant_type=password&client_id=dragonfly-java&username=bot&password=p%3Aw%26"
                + "&scope=repository%3Alab%2Fapp%3Apull&service=lab");
  }

  private Path login(String where, String auth) throws IOException {
    return Files.writeString(
        dir.resolve("config.json"),
        "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(where, auth));
  }

  @Test
  void aTokenServiceWithoutTlsOfARegistryWithItGetsNoLogin() throws Exception {
    HeldCertificate theirs =
        new HeldCertificate.Builder().addSubjectAlternativeName("127.0.0.1").build();
    FakeRegistry secure = new FakeRegistry();
    try (secure) {
      secure.server.useHttps(
          new HandshakeCertificates.Builder().heldCertificate(theirs).build().sslSocketFactory());
      registry.wantTokens("abc"); // the service is there, by http
      secure.authorization = registry.authorization;
      secure.challenge = registry.challenge;
      String blob = secure.blob(BLOB);
      start(
          config()
              .upstream(Upstream.parse("own=https://" + secure.authority()))
              .trust("127.0.0.1", new Trust(false, List.of(theirs.certificatePem())))
              .dockerConfig(login(secure.authority(), "Ym90OnB3")));

      assertThat(body("/v2/own" + blob.substring(3))).isEqualTo(BLOB);
      try (Response ping = get("/v2/own/")) {
        // A client that is sent to the mirror would not see where its login goes.
        assertThat(ping.header("WWW-Authenticate")).isEqualTo(secure.challenge);
      }
      assertThat(registry.asked("GET", "/token")).isEqualTo(1);
      assertThat(registry.requests)
          .allSatisfy(r -> assertThat(r.getHeaders().get("Authorization")).isNull());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTokenServiceThatIsSilentOrDribblesIsGivenUp(boolean dribbles) throws Exception {
    registry.wantTokens("abc");
    String blob = registry.blob(BLOB);
    registry.manifest("1", "{}".getBytes());
    registry.on(
        "/token",
        r -> {
          MockResponse.Builder answer =
              new MockResponse.Builder().body("{\"token\":\"abc\"}" + " ".repeat(1000));
          return dribbles
              ? answer.throttleBody(1, 100, TimeUnit.MILLISECONDS).build()
              : answer.onResponseStart(SocketEffect.Stall.INSTANCE).build();
        });
    stopTime();
    start(config().answerTimeout(Duration.ofSeconds(2)));

    for (String path : List.of(blob, "/v2/lab/app/manifests/1")) {
      try (Response response = get(path)) {
        assertSentHere(response);
      }
    }
    // Not once for each way that a request tries.
    assertThat(registry.asked("GET", "/token")).isEqualTo(1);
  }

  @Test
  void inProxyModeEightAskATokenServiceAtOnce() throws Exception {
    registry.wantTokens("abc");
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch eight = new CountDownLatch(8);
    CountDownLatch goOn = new CountDownLatch(1);
    registry.on(
        "/token",
        r -> {
          most.accumulateAndGet(running.incrementAndGet(), Math::max);
          eight.countDown();
          try {
            goOn.await(20, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          running.decrementAndGet();
          return new MockResponse.Builder().body("{\"token\":\"abc\"}").build();
        });
    start();
    OkHttpClient through = proxied();
    call(through, new Request.Builder().url(registry.url("/v2/"))).close();
    ExecutorService threads = Executors.newFixedThreadPool(30);
    List<Future<Integer>> asked = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      Request.Builder request = new Request.Builder().url(registry.url("/token?n=" + i));
      asked.add(
          threads.submit(
              () -> {
                try (Response response = call(through, request)) {
                  return response.code();
                }
              }));
    }

    assertThat(eight.await(20, TimeUnit.SECONDS)).isTrue();
    goOn.countDown();
    for (Future<Integer> each : asked) {
      assertThat(each.get(20, TimeUnit.SECONDS)).isEqualTo(200);
    }
    threads.shutdown();
    assertThat(most).hasValue(8);
  }
}
