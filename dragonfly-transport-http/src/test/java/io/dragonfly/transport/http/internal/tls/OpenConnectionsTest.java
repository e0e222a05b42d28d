package io.dragonfly.transport.http.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.spi.TransportConfig;
import io.dragonfly.transport.http.TestCa;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds for a client that was trusted when it connected. */
class OpenConnectionsTest {
  @TempDir private Path dir;
  private final TestCa ca = new TestCa();
  private final Map<Object, Object> values = new HashMap<>();
  private Certificate shown = ca.issue("", "peer").certificate();
  private long nanos;

  /** A session that knows its client's certificate and what servers put into it. */
  private SSLSession session() {
    return (SSLSession)
        Proxy.newProxyInstance(
            SSLSession.class.getClassLoader(),
            new Class<?>[] {SSLSession.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "getPeerCertificates" -> new Certificate[] {shown};
                  case "getValue" -> values.get(arguments[0]);
                  case "putValue" -> values.put(arguments[0], arguments[1]);
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  /** A certificate ends, and a revocation list is too old, without any file that changes. */
  @Test
  void aClientIsCheckedAgainEachMinuteThoughNoFileHasChanged() throws Exception {
    TestCa.PemFiles files = ca.write(dir, "127.0.0.1");
    TransportConfig config =
        TransportConfig.builder()
            .tlsCert(files.cert())
            .tlsKey(files.key())
            .tlsCa(files.ca())
            .build();
    ServerTls server = TransportTls.of(config, () -> nanos).forServer(false).orElseThrow();
    SSLSession session = session();
    assertThat(server.roles(session)).isPresent();

    shown = ca.issueExpired("peer").certificate();
    nanos += Duration.ofSeconds(59).toNanos();
    assertThat(server.roles(session)).isPresent();
    nanos += Duration.ofSeconds(1).toNanos();
    assertThatThrownBy(() -> server.roles(session))
        .isInstanceOf(UntrustedException.class)
        .hasMessageContaining("not trusted any more");
    assertThatThrownBy(() -> server.roles(session)).isInstanceOf(UntrustedException.class);
  }
}
