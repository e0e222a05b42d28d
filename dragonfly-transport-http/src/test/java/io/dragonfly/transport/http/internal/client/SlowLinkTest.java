package io.dragonfly.transport.http.internal.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.RecordingSink;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.dragonfly.transport.http.internal.tls.TransportTls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a slow link's connections do when it gets fast; the test is the parent and the clock. */
@ExtendWith(LeakCheck.class)
class SlowLinkTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private final AtomicLong clock = new AtomicLong(Duration.ofDays(1).toNanos());

  @Test
  void aConnectionThatHasTooLittleOnItsWayIsNotKept() throws IOException {
    assumeTrue(EventLoops.hasEpoll());
    TransportTls plain = TransportTls.of(TransportConfig.builder().build(), clock::get);
    try (EventLoops loops = EventLoops.epoll(1);
        PieceConnections connections = new PieceConnections(loops, plain, clock::get);
        ServerSocket parent = new ServerSocket(0, 50, LOOPBACK)) {
      RecordingSink first = take(connections, parent, 320 << 10);
      try (RawConnection slow = new RawConnection(parent.accept())) {
        answer(slow, first, 320 << 10);
        // It looks once a second, and must know the rate of half a second by then.
        for (int i = 0; i < 10; i++) {
          answer(slow, take(connections, parent, 320 << 10), 320 << 10);
        }
        for (int i = 0; i < 10; i++) {
          answer(slow, take(connections, parent, 4 << 20), 4 << 20);
        }
        slow.awaitClose();
      }
      RecordingSink next = take(connections, parent, 100);
      try (RawConnection fast = new RawConnection(parent.accept())) {
        answer(fast, next, 100);
      }
    }
  }

  private RecordingSink take(PieceConnections connections, ServerSocket parent, int bytes) {
    clock.addAndGet(Duration.ofMillis(100).toNanos());
    RecordingSink sink = new RecordingSink();
    connections.take(
        new PieceRequest(
            new Peer(
                new PeerId("01".repeat(16)),
                new InetSocketAddress(LOOPBACK, parent.getLocalPort()),
                ""),
            new TaskId("ab".repeat(32)),
            ByteRange.of(0, bytes),
            OptionalLong.of(bytes),
            new PeerId("02".repeat(16)),
            LOOPBACK,
            "right"),
        sink);
    return sink;
  }

  private static void answer(RawConnection child, RecordingSink sink, int bytes)
      throws IOException {
    child.readHead();
    child.send(
        "HTTP/1.1 206 Partial Content\nContent-Length: %d\nContent-Range: bytes 0-%d/%d\n\n"
            .formatted(bytes, bytes - 1, bytes));
    child.send(new byte[bytes]);
    assertThat(sink.awaitBytes(SOON)).hasSize(bytes);
  }
}
