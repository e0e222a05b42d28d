package io.dragonfly.transport.http.internal.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.spi.Network;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whom a server takes a connection for that comes through a proxy. */
class TrustedProxiesTest extends HttpServerFixture {
  private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
  private static final String CALL = post("/api/v2/announce", offer());
  private static final String PIECE = get(TASK, "bytes=0-9");

  private final List<String> callers = new CopyOnWriteArrayList<>();
  private HttpServer behind;
  private HttpServer open;

  @Override
  EventLoops loops() {
    return EventLoops.nio(1);
  }

  @BeforeEach
  void serve() throws IOException {
    behind = serve(List.of(Network.parse("127.0.0.0/8")), this::note);
    open = serve(List.of(Network.parse("192.0.2.0/24")), this::note);
  }

  @AfterEach
  void stopServing() {
    behind.close();
    open.close();
  }

  private void note(InetAddress caller) {
    callers.add(caller.getHostAddress());
  }

  private static byte[] binary(String hex, String request) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(HexFormat.of().parseHex(SIGNATURE + hex));
    all.writeBytes(request.replace("\n", "\r\n").getBytes(ISO_8859_1));
    return all.toByteArray();
  }

  private void assertClosed(HttpServer server, byte[] bytes) throws IOException {
    RawConnection connection = connect(server);
    try {
      connection.send(bytes);
    } catch (IOException e) {
      return; // closed before all of it was sent
    }
    assertThat(connection.awaitClose()).isLessThanOrEqualTo(0);
  }

  private static byte[] text(String text) {
    return text.replace("\n", "\r\n").getBytes(ISO_8859_1);
  }

  /** Calls in the clear are for this machine alone here, so the client counts, not the proxy. */
  @Test
  void aClientThatAProxyNamesIsNotThisMachine() throws IOException {
    String header = "PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\n";
    assertThat(connect(behind).send(header + CALL).read().status()).isEqualTo(403);
    assertThat(callers).isEmpty();
    assertThat(connect(behind).send(header + PIECE).read().status()).isEqualTo(206);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PROXY TCP4 127.0.0.9 127.0.0.1 1 2\n",
        "PROXY TCP6 ::1 ::1 65535 2\n",
      })
  void aClientOfThisMachineIsOneThroughItsProxyToo(String header) throws IOException {
    assertThat(connect(behind).send(header + CALL).read().status()).isEqualTo(200);
    assertThat(callers).containsExactly(header.contains("TCP4") ? "127.0.0.9" : "0:0:0:0:0:0:0:1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2111000c" + "7f000009" + "7f000001" + "00010002",
        "21110011" + "7f000009" + "7f000001" + "00010002" + "0400020000", // with a TLV
        "21210024"
            + "00000000000000000000000000000001"
            + "00000000000000000000000000000001"
            + "00010002",
        "20000000", // the proxy speaks for itself
      })
  void theBinaryFormIsReadToo(String hex) throws IOException {
    assertThat(connect(behind).send(binary(hex, CALL)).read().status()).isEqualTo(200);
    assertThat(callers).hasSize(1);
  }

  @Test
  void aHeaderMayComeByteByByte() throws IOException {
    RawConnection slow = connect(behind);
    for (char c : "PROXY TCP4 127.0.0.9 127.0.0.1 1 2\r\n".toCharArray()) {
      slow.send(new byte[] {(byte) c});
    }
    assertThat(slow.send(CALL).read().status()).isEqualTo(200);
    assertThat(slow.send(PIECE).read().status()).isEqualTo(206); // one header is for all
    assertThat(callers).containsExactly("127.0.0.9");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PROXY UNKNOWN\n",
        "PROXY TCP4 127.0.0.9 127.0.0.1 1\n",
        "PROXY TCP4 127.0.0.9 127.0.0.1 1 70000\n",
        "PROXY TCP4 ::1 ::1 1 2\n",
        "PROXY TCP6 127.0.0.9 127.0.0.1 1 2\n",
        "PROXY TCP4 999.0.0.1 127.0.0.1 1 2\n",
        "PROXY TCP4 0.0.0.0 127.0.0.1 1 2\n",
        "PROXY TCP4 224.0.0.1 127.0.0.1 1 2\n",
        "PROXY TCP4  127.0.0.9 127.0.0.1 1 2\n",
        "GET /healthz HTTP/1.1\nHost: h\n\n",
      })
  void aTrustedProxyThatNamesNoClientIsCutOff(String header) throws IOException {
    assertClosed(behind, text(header + (header.startsWith("GET") ? "" : CALL)));
    assertThat(callers).isEmpty();
  }

  @Test
  void aHeaderWithoutEndIsCutOff() throws IOException {
    assertClosed(behind, text("PROXY TCP4 " + "1".repeat(200)));
    assertClosed(behind, binary("2111ffff", "x"));
    assertClosed(behind, binary("3111000c", "x"));
    assertClosed(behind, binary("2131000c" + "00".repeat(12), "x"));
  }

  @Test
  void aBinaryHeaderMayComeByteByByteToo() throws IOException {
    RawConnection slow = connect(behind);
    for (byte b : binary("21110011" + "7f000009" + "7f000001" + "00010002" + "0400020000", "")) {
      slow.send(new byte[] {b});
    }
    assertThat(slow.send(CALL).read().status()).isEqualTo(200);
    assertThat(callers).containsExactly("127.0.0.9");
  }

  /** What comes behind a wrong header, in the same packet, is not a request. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "2112000c" + "7f000009" + "7f000001" + "00010002", // UDP
        "21000000", // no address family
        "2211000c" + "7f000009" + "7f000001" + "00010002", // no such command
        "21110004" + "7f000009", // too short
        "2111000c" + "e0000001" + "7f000001" + "00010002",
      })
  void aBinaryHeaderThatNamesNoClientIsCutOff(String hex) throws IOException {
    assertClosed(behind, binary(hex, CALL));
    assertThat(callers).isEmpty();
  }

  @Test
  void aHeaderFromAnywhereElseIsAnError() throws IOException {
    assertClosed(open, text("PROXY TCP4 192.0.2.9 192.0.2.1 1 2\n" + PIECE));
    assertClosed(open, binary("2111000c" + "7f000009" + "7f000001" + "00010002", PIECE));
    assertClosed(server, text("PROXY TCP4 192.0.2.9 192.0.2.1 1 2\n" + PIECE));
    assertThat(connect(open).send(PIECE).read().status()).isEqualTo(206);
    assertThat(callers).isEmpty();
  }
}
