package io.dragonfly.transport.http.internal.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Asks the system what wakes a connection's loop. */
@ExtendWith(LeakCheck.class)
class LowWaterTest {
  private static final IntegerUnixChannelOption SO_RCVLOWAT =
      new IntegerUnixChannelOption("SO_RCVLOWAT", 1, 18);
  private static final int PIECE = 1 << 20;
  private static final int PORTION = 256 << 10;

  private EventLoops loops;
  private ServerSocket server;
  private Channel channel;
  private LowWater lowWater;
  private long now;

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
    lowWater = new LowWater(loops, channel);
    lowWater.asked();
  }

  @AfterEach
  void close() throws Exception {
    if (loops != null) {
      channel.close().sync();
      server.close();
      loops.close();
    }
  }

  private int mark() {
    return channel.config().getOption(SO_RCVLOWAT);
  }

  private void received(Duration after, int bytes, long left) {
    now += after.toNanos();
    lowWater.received(now, bytes, left, PORTION);
  }

  @Test
  void waitsForWhatComesInEightyMilliseconds() {
    received(Duration.ofMillis(100), 20_000, PIECE - 20_000);
    assertThat(mark()).isEqualTo(1);
    received(Duration.ofMillis(20), 20_000, PIECE - 40_000);
    assertThat(mark()).isEqualTo(80_000);
  }

  @Test
  void neverWaitsForMoreThanIsToCome() {
    received(Duration.ZERO, 500_000, PIECE - 500_000);
    received(Duration.ofMillis(10), 500_000, PIECE - 1_000_000);
    assertThat(mark()).isEqualTo(PIECE - 1_000_000);
    received(Duration.ofMillis(10), 44_000, PIECE - 1_044_000);
    assertThat(mark()).isEqualTo(1); // 8 KiB are not worth a call
  }

  @Test
  void neverWaitsForMoreThanIsReadAtOnce() {
    received(Duration.ZERO, 500_000, PIECE);
    now += Duration.ofMillis(1).toNanos();
    lowWater.received(now, 500_000, PIECE, 16 << 10);
    assertThat(mark()).isEqualTo(16 << 10);
  }

  @Test
  void aSlowLinkIsReadAtOnce() {
    received(Duration.ZERO, 1000, PIECE - 1000);
    received(Duration.ofMillis(100), 1000, PIECE - 2000);
    assertThat(mark()).isEqualTo(1);
  }

  @Test
  void theNextAnswerMayBeShort() {
    received(Duration.ZERO, 100_000, PIECE - 100_000);
    received(Duration.ofMillis(1), 100_000, PIECE - 200_000);
    assertThat(mark()).isEqualTo(128 << 10);
    lowWater.asked();
    assertThat(mark()).isEqualTo(1);
  }
}
