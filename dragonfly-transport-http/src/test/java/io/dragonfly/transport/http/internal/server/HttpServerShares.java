package io.dragonfly.transport.http.internal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.transport.http.RawConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the clients of one address may have of a server, and what that leaves to the others. */
abstract class HttpServerShares extends HttpServerFixture {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final int KIB = 1 << 10;
  private static final int TOTAL_BYTES = 4 << 20;

  /** Only 127.0.0.1 counts as this machine here: all others of 127.0.0.0/8 are other machines. */
  private static ServerLimits limits(int connections, double share) {
    return new ServerLimits(
            connections, share, LONG, LONG, LONG, TOTAL_BYTES, Duration.ofMillis(50))
        .withThisMachine(address -> address.equals(ip(1)));
  }

  private static InetAddress ip(int last) {
    try {
      return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** An offer of so many bytes, most of them in a field that nobody asks for. */
  private static String longOffer(int bytes) {
    String offer = offer();
    String more = "\"more\":\"%s\"}".formatted("x".repeat(bytes - offer.length() - 10));
    return post("/api/v2/announce", offer.substring(0, offer.length() - 1) + "," + more);
  }

  private static void assertBusy(RawConnection.Message answer, String why) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(503);
    assertThat(answer.header("retry-after")).isEqualTo("1");
    assertThat(answer.text()).contains("\"kind\":\"BUSY\"", why);
  }

  @Test
  void unfinishedBodiesOfOneAddressLeaveRoomForThoseOfOthers() throws IOException {
    try (HttpServer server = serve(limits(1_000, 0.25), address -> true)) {
      List<RawConnection> held = new ArrayList<>();
      String most = longOffer(300 * KIB).substring(0, 290 * KIB);
      for (int i = 0; i < 20; i++) { // more than there is room for in all
        held.add(connect(server, ip(2)).send(most));
      }
      assertBusy(held.get(19).read(), "too many requests at once from 127.0.0.2");

      RawConnection other = connect(server, ip(3)).send(longOffer(900 * KIB));
      assertThat(other.read().status()).isEqualTo(200);
      RawConnection here = connect(server, ip(1)).send(longOffer(900 * KIB));
      assertThat(here.read().status()).isEqualTo(200);

      for (RawConnection connection : held) {
        connection.close();
      }
      assertThat(isAccepted(server)).isTrue();
    }
  }

  /** What was held is given back when the connections are gone, which the server sees soon. */
  private boolean isAccepted(HttpServer server) throws IOException {
    for (int i = 0; i < 1_000; i++) {
      if (connect(server, ip(2)).send(longOffer(900 * KIB)).read().status() == 200) {
        return true;
      }
    }
    return false;
  }

  @Test
  void anAddressHasLessUntilAPeerThereTakesPart() throws IOException {
    List<InetAddress> known = new ArrayList<>();
    known.add(ip(3));
    try (HttpServer server = serve(limits(1_000, 0.25), known::contains)) {
      RawConnection long1 = connect(server, ip(2)).send(longOffer(400 * KIB));
      assertBusy(long1.read(), "until a peer there has registered");
      assertThat(connect(server, ip(2)).send(longOffer(300 * KIB)).read().status()).isEqualTo(200);
      assertThat(connect(server, ip(3)).send(longOffer(900 * KIB)).read().status()).isEqualTo(200);

      connect(server, ip(2)).send(longOffer(300 * KIB).substring(0, 290 * KIB));
      RawConnection second = connect(server, ip(2)).send(longOffer(300 * KIB));
      assertBusy(second.read(), "too many requests at once from 127.0.0.2");
    }
  }

  @Test
  void connectionsAboveTheShareAreToldSo() throws IOException {
    try (HttpServer server = serve(limits(100, 0.03))) {
      RawConnection first = connect(server, ip(2));
      connect(server, ip(2));
      connect(server, ip(2));
      assertThat(first.send(get(TASK, "bytes=0-9")).read().status()).isEqualTo(206);

      RawConnection fourth = connect(server, ip(2)).send(get(TASK, "bytes=0-9"));
      assertBusy(fourth.read(), "too many connections, in all or from 127.0.0.2");
      assertThat(fourth.awaitClose()).isZero();
      for (int i = 0; i < 10; i++) {
        assertThat(connect(server, ip(1)).send(get(TASK, "bytes=0-9")).read().status())
            .isEqualTo(206);
      }
      assertThat(connect(server, ip(3)).send(get(TASK, "bytes=0-9")).read().status())
          .isEqualTo(206);
    }
  }
}
