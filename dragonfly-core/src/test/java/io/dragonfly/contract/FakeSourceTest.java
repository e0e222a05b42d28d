package io.dragonfly.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.testkit.FakeSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What tests may rely on in {@link FakeSource}, beyond the contract of every source. */
class FakeSourceTest {
  private static final URI A = URI.create("fake://host/a");
  private static final byte[] BYTES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

  private final FakeSource source = new FakeSource().put(A, BYTES);
  private final SourceRequest request =
      new SourceRequest(ContentRequest.of(A), Duration.ofSeconds(10), Requester.THIS_PROCESS);

  @Test
  void writesDownWhatWasAskedAndRead() throws IOException {
    SourceVersion version = source.ask(request);
    try (InputStream whole = source.open(request).stream()) {
      assertThat(whole.readNBytes(4)).containsExactly(0, 1, 2, 3);
    }
    try (InputStream range = source.open(request, version, ByteRange.of(5, 8))) {
      assertThat(range.readAllBytes()).containsExactly(5, 6, 7);
      assertThat(source.openStreams()).isEqualTo(1);
    }

    assertThat(source.probes()).isEqualTo(1);
    assertThat(source.opened()).containsExactly(request, request);
    assertThat(source.rangesRead()).containsExactly(ByteRange.of(0, 4), ByteRange.of(5, 8));
    assertThat(source.bytesRead()).isEqualTo(7);
    assertThat(source.openStreams()).isZero();
  }

  @Test
  void stallsUntilTold() throws Exception {
    source.stallAt(A, 6);
    try (InputStream in = source.open(request).stream()) {
      CompletableFuture<byte[]> read = CompletableFuture.supplyAsync(() -> all(in));
      source.awaitStalled(A);
      assertThat(source.bytesRead()).isEqualTo(6);
      source.resume(A);
      assertThat(read).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(BYTES);
    }
  }

  @Test
  void changesInTheMiddle() throws IOException {
    source.changeAt(A, 3, new byte[] {9});
    SourceVersion version = source.ask(request);
    try (InputStream in = source.open(request).stream()) {
      assertThat(in.readNBytes(3)).containsExactly(0, 1, 2);
      assertThatThrownBy(in::read).isInstanceOf(IOException.class);
    }
    assertThatThrownBy(() -> source.open(request, version, ByteRange.of(3, 10)))
        .isInstanceOf(SourceChangedException.class);
    assertThat(source.ask(request)).isNotEqualTo(version).isEqualTo(source.version(A));
  }

  @Test
  void failsUntilHealed() throws IOException {
    source.fail(A, new SourceFailedException("down for a test", null)).breakAt(A, 2);
    assertThatThrownBy(() -> source.ask(request)).isInstanceOf(SourceFailedException.class);
    source.heal(A);
    try (InputStream in = source.open(request).stream()) {
      assertThat(in.readAllBytes()).isEqualTo(BYTES);
    }
  }

  @Test
  void tellsNeitherLengthNorValidatorIfToldSo() throws IOException {
    source.withoutLength(A).withoutValidator(A);
    assertThat(source.ask(request)).isEqualTo(SourceVersion.UNKNOWN);
    try (InputStream in = source.open(request, SourceVersion.UNKNOWN, ByteRange.of(8, 1000))) {
      assertThat(in.readAllBytes()).containsExactly(8, 9);
    }
  }

  private static byte[] all(InputStream in) {
    try {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
