package io.dragonfly.transport.http.internal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.peer.PeerId;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.ControlExamples;
import io.dragonfly.testkit.Fuzz;
import io.dragonfly.transport.http.internal.wire.PieceWire;
import io.dragonfly.transport.http.internal.wire.Wire;
import io.dragonfly.transport.http.internal.wire.WireException;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What takers and others send for pieces, in every shape: it is asked for, or refused. */
@Tag("fuzz")
class RequestFuzzTest {
  private static final String PIECE =
      "GET "
          + PieceWire.path(ControlExamples.TASK)
          + " HTTP/1.1\r\nHost: h\r\nRange: bytes=0-99\r\n"
          + Wire.TAKER
          + ": "
          + "02".repeat(16)
          + "\r\n"
          + Wire.CAPABILITY
          + ": abc\r\nAuthorization: Bearer abc\r\nContent-Length: 0\r\n\r\n";

  @Test
  void aRequestForAPieceIsUnderstoodOrRefused() {
    Fuzz.Counts counts =
        Fuzz.of("\r\n :/=-0123456789abcdef", PIECE)
            .run(RequestFuzzTest::isUnderstood, ServerRefusal.class, WireException.class);
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }

  /** In the order of a connection and its exchange. */
  private static boolean isUnderstood(byte[] input) throws ServerRefusal, WireException {
    EmbeddedChannel channel = new EmbeddedChannel(new HttpRequestDecoder());
    try {
      channel.writeInbound(Unpooled.wrappedBuffer(input));
      if (!(channel.readInbound() instanceof HttpRequest request)) {
        return false;
      }
      RequestHead.check(request);
      Optional<TaskId> task = PieceWire.task(request.uri());
      if (task.isEmpty()) {
        return false;
      }
      RequestHead.checkMethod(request, HttpMethod.GET);
      assertThat(RequestHead.bodyLength(request)).isNotNegative();
      assertThat(RequestHead.bearer(request)).isNotNull();
      String range = RequestHead.header(request, "Range").orElse("");
      assertThat(PieceWire.parseRange(range).length()).isPositive();
      String child = RequestHead.header(request, Wire.TAKER).orElse("");
      return isPeer(child) && RequestHead.header(request, Wire.CAPABILITY).isPresent();
    } finally {
      channel.finishAndReleaseAll();
    }
  }

  private static boolean isPeer(String id) {
    try {
      return new PeerId(id).hex().equals(id);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
