package io.dragonfly.transport.http.internal.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.testkit.ControlExamples;
import io.dragonfly.testkit.Fuzz;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What parents may answer. */
@Tag("fuzz")
class PieceResponseFuzzTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final PieceRequest REQUEST =
      new PieceRequest(
          new Peer(new PeerId("01".repeat(16)), new InetSocketAddress(HERE, 1), ""),
          ControlExamples.TASK,
          new ByteRange(100, 200),
          OptionalLong.of(1_000),
          new PeerId("02".repeat(16)),
          HERE,
          "capability");

  @Test
  void anAnswerBringsExactlyWhatWasAskedForOrIsRefused() {
    String honest =
        "HTTP/1.1 206 Partial Content\r\n"
            + "Content-Range: bytes 100-199/1000\r\n"
            + "Content-Length: 100\r\n\r\n";
    Fuzz.Counts counts =
        Fuzz.of("\r\n0123456789:;, -/bytes*", honest).run(PieceResponseFuzzTest::brings);
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }

  private static boolean brings(byte[] answer) {
    EmbeddedChannel channel = new EmbeddedChannel(new HttpResponseDecoder());
    try {
      channel.writeInbound(Unpooled.wrappedBuffer(answer));
      if (!(channel.readInbound() instanceof HttpResponse response)) {
        return false;
      }
      PieceResponse.isShortRefusal(response);
      Optional<PieceDownloadException> refusal = PieceResponse.refusal(response, REQUEST);
      if (refusal.isEmpty()) {
        assertThat(Fuzz.text(answer))
            .containsPattern("(?i)content-range\\s*:\\s*bytes 0*100-0*199/(0*1000|\\*)");
      } else {
        assertThat(refusal.get().getMessage()).hasSizeLessThanOrEqualTo(1_000).doesNotContain("\n");
      }
      return refusal.isEmpty();
    } finally {
      channel.finishAndReleaseAll();
    }
  }
}
