package io.dragonfly.transport.http.internal.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Asks the system what a connection may have on its way. */
@ExtendWith(LeakCheck.class)
class ReceiveWindowTest {
  private static final int MEGABYTE = 1_000_000;

  /** Linux counts what it keeps of each packet as well, and says so. */
  private static final int LEAST = 2 * ReceiveWindow.LEAST_BYTES;

  private final LinkRate link = new LinkRate();
  private long now = Duration.ofDays(1).toNanos();
  private EventLoops loops;
  private ServerSocket server;
  private Channel channel;
  private ReceiveWindow window;
  private int untouched;

  @BeforeEach
  void connect() throws Exception {
    assumeTrue(EventLoops.hasEpoll());
    loops = EventLoops.epoll(1);
    server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    channel =
        new Bootstrap()
            .group(loops.group())
            .channel(loops.channel())
            .handler(new ChannelInboundHandlerAdapter())
            .connect(server.getLocalSocketAddress())
            .sync()
            .channel();
    window = new ReceiveWindow(loops, channel, link, now);
    untouched = received();
  }

  @AfterEach
  void close() throws Exception {
    if (loops != null) {
      channel.close().sync();
      server.close();
      loops.close();
    }
  }

  private int received() {
    return channel.config().getOption(ChannelOption.SO_RCVBUF);
  }

  /** Bytes come for that long, at a rate. */
  private void link(Duration time, long bytesPerSecond) {
    for (int i = 0; i < time.toMillis() / 100; i++) {
      now += Duration.ofMillis(100).toNanos();
      link.received(now, (int) (bytesPerSecond / 10));
    }
  }

  @Test
  void aSlowLinkGetsLittleOnEachConnection() {
    link(Duration.ofSeconds(1), 3 * MEGABYTE);
    window.asked(now);
    assertThat(received()).isEqualTo(LEAST);
  }

  @Test
  void isFiveMillisecondsOfTheLinksRate() {
    link(Duration.ofSeconds(1), 20 * MEGABYTE);
    window.asked(now);
    assertThat(received()).isEqualTo(2 * 125_000); // and a quarter more
  }

  @Test
  void aFastLinkIsLeftToTheSystem() {
    link(Duration.ofSeconds(1), 125 * MEGABYTE);
    window.asked(now);
    assertThat(received()).isEqualTo(untouched);
  }

  @Test
  void aVerySlowLinkIsLeftToTheSystem() {
    link(Duration.ofSeconds(1), MEGABYTE);
    window.asked(now);
    assertThat(received()).isEqualTo(untouched);
  }

  @Test
  void aLongWayIsLeftToTheSystem() {
    long far = Duration.ofMillis(50).toNanos();
    assertThat(ReceiveWindow.bytes(12 * MEGABYTE, far)).isGreaterThan(ReceiveWindow.MOST_BYTES);
    assertThat(ReceiveWindow.bytes(12 * MEGABYTE, 100)).isLessThan(ReceiveWindow.MOST_BYTES);
  }

  @Test
  void nothingIsSetWhileTheRateIsUnknown() {
    now += Duration.ofSeconds(5).toNanos();
    window.asked(now);
    assertThat(received()).isEqualTo(untouched);
  }

  @Test
  void looksOnceASecond() {
    link(Duration.ofMillis(900), 3 * MEGABYTE);
    window.asked(now);
    assertThat(received()).isEqualTo(untouched);
    link(Duration.ofMillis(100), 3 * MEGABYTE);
    window.asked(now);
    assertThat(received()).isEqualTo(LEAST);
  }

  @Test
  void isTooSmallForALinkThatGetsMuchFaster() {
    link(Duration.ofSeconds(1), 3 * MEGABYTE);
    window.asked(now);
    link(Duration.ofSeconds(1), 12 * MEGABYTE);
    window.asked(now);
    assertThat(window.isTooSmall()).isFalse();
    link(Duration.ofSeconds(1), 14 * MEGABYTE);
    window.asked(now);
    assertThat(window.isTooSmall()).isTrue();
  }
}
