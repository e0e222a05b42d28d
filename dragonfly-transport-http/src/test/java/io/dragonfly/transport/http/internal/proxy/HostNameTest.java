package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.testkit.FreePorts;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.proxy.Upstream;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * By which names the proxy answers. A web page may point a name of its own to 127.0.0.1, and its
 * script then reads what this machine may read.
 */
class HostNameTest extends ProxyTest {
  private RawConnection.Message ask(String path, String host) throws IOException {
    try (RawConnection raw = connect().send("GET " + path + " HTTP/1.1\nHost: " + host + "\n\n")) {
      return raw.read();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.test",
        "evil.test:65001",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "x.localhost.evil.test:80",
        "169.254.169.254",
        "a b",
        ""
      })
  void anotherNameIsRefusedForAllThatIsNotProxied(String host) throws Exception {
    int port = FreePorts.next();
    start(config().upstream(Upstream.parse("lab:" + port + "=" + registry.url(""))));
    for (String path : new String[] {"/v2/", "/healthz", "/metrics", "/dfdaemon/token/x"}) {
      RawConnection.Message answer = ask(path, host);
      assertThat(answer.status()).as(path).isEqualTo(421);
      assertThat(answer.text()).contains("localhost", "127.0.0.1", "allowed");
    }
    try (RawConnection own = RawConnection.to(proxy.addresses().get("lab"))) {
      assertThat(own.send("GET /v2/ HTTP/1.1\nHost: " + host + "\n\n").read().status())
          .isEqualTo(421);
    }
    assertThat(registry.requests).isEmpty();
    assertThat(counts().refused()).isEqualTo(5);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LocalHost:1",
        "127.0.0.1",
        "127.1.2.3:65001",
        "[::1]",
        "[::1]:80",
        "[0:0:0:0:0:0:0:1]:65001"
      })
  void namesAndAddressesOfThisMachineAreAnswered(String host) throws Exception {
    start();
    assertThat(ask("/v2/", host).status()).isEqualTo(200);
  }

  /** A name of a web page can point to any address of the machine, not only to a loopback one. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.test",
        "evil.test:65001",
        "192.168.5.6.evil.test",
        "localhost.evil.test",
        ""
      })
  void anotherNameIsRefusedOnEveryAddressOfTheMachine(String host) {
    for (String at : new String[] {"192.168.5.6", "127.0.0.1", "2001:db8::5"}) {
      assertThatThrownBy(() -> check(host, at)).as(at).isInstanceOf(ProxyRefusal.class);
    }
  }

  /** An address cannot be pointed anywhere else; behind a NAT it need not be one of the machine. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "192.168.5.6",
        "192.168.5.6:65001",
        "203.0.113.9",
        "[2001:db8::5]:65001",
        "localhost:65001",
        "127.0.0.1",
        "mirror.test"
      })
  void addressesAndOwnNamesAreAnsweredThere(String host) {
    assertThatCode(() -> check(host, "192.168.5.6")).doesNotThrowAnyException();
  }

  private static void check(String host, String at) throws Exception {
    DefaultHttpRequest request =
        new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/v2/");
    request.headers().set("Host", host);
    Hosts hosts = new Hosts(config().allowedHost("mirror.test").build());
    RequestChecks.checkName(request, hosts, InetAddress.getByName(at));
  }

  @Test
  void aNameOfTheSettingsIsAnswered() throws Exception {
    start(config().allowedHost("Mirror.test").allowedHost("other.test:8080"));

    assertThat(ask("/v2/", "mirror.test").status()).isEqualTo(200);
    assertThat(ask("/v2/", "MIRROR.test:65001").status()).isEqualTo(200);
    assertThat(ask("/v2/", "other.test:8080").status()).isEqualTo(200);
    assertThat(ask("/v2/", "other.test").status()).isEqualTo(421);
  }

  @Test
  void whatIsProxiedNamesTheHostThatItIsFor() throws Exception {
    start();
    assertThat(ask(registry.url("/v2/"), "registry.test").status()).isEqualTo(200);
    try (RawConnection raw = connect()) {
      raw.send("CONNECT " + registry.authority() + " HTTP/1.1\nHost: registry.test\n\n");
      assertThat(raw.read().status()).isEqualTo(200);
    }
    // HTTP/1.0 needs no Host, and no browser leaves it out.
    try (RawConnection raw = connect().send("GET /v2/ HTTP/1.0\n\n")) {
      assertThat(raw.read().status()).isEqualTo(200);
    }
  }
}
