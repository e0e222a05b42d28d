package io.dragonfly.transport.http.internal.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.TakeException;
import io.dragonfly.spi.TakeRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.testkit.ControlExamples;
import io.dragonfly.testkit.Mutations;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What parents may answer; seeded, and bounded by the count. */
class PieceAnswerFuzzTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final TakeRequest REQUEST =
      new TakeRequest(
          new Peer(new PeerId("01".repeat(16)), new InetSocketAddress(HERE, 1), ""),
          ControlExamples.TASK,
          new ByteRange(100, 200),
          OptionalLong.of(1_000),
          new PeerId("02".repeat(16)),
          HERE,
          "capability");

  @Test
  void anAnswerBringsExactlyWhatWasAskedForOrIsRefused() {
    Mutations mutations = new Mutations(20261127, "\r\n0123456789:;, -/bytes*");
    String honest =
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 100-199/1000\r\nContent-Length: 100\r\n\r\n";
    int taken = 0;
    int refused = 0;
    for (int i = 0; i < 2_000; i++) {
      String text = mutations.of(honest);
      EmbeddedChannel channel = new EmbeddedChannel(new HttpResponseDecoder());
      channel.writeInbound(Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.ISO_8859_1)));
      if (channel.readInbound() instanceof HttpResponse response) {
        PieceAnswer.isShortRefusal(response);
        Optional<TakeException> refusal = PieceAnswer.refusal(response, REQUEST);
        if (refusal.isEmpty()) {
          assertThat(text).containsPattern("(?i)content-range:[ \t]*bytes 100-199/(1000|\\*)");
          taken++;
        } else {
          assertThat(refusal.get().getMessage()).hasSizeLessThan(1_000).doesNotContain("\n");
          refused++;
        }
      }
      channel.finishAndReleaseAll();
    }
    assertThat(taken).isPositive();
    assertThat(refused).isPositive();
  }
}
