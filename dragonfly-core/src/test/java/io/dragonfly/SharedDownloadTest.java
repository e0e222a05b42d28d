package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.await;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.SourceVersion;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What many downloads share: buffers, a reading of the source, and the end of their client. */
@Timeout(120)
class SharedDownloadTest {
  @TempDir Path dir;

  private ClientFixture fixture;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  /** The fixture's source with other streams. */
  private record Wrapped(Source source, UnaryOperator<InputStream> wrap) implements Source {
    @Override
    public SourceVersion ask(SourceRequest request) throws IOException {
      return source.ask(request);
    }

    @Override
    public SourceContent open(SourceRequest request) throws IOException {
      SourceContent content = source.open(request);
      return new SourceContent(content.version(), wrap.apply(content.stream()));
    }

    @Override
    public InputStream open(SourceRequest request, SourceVersion version, ByteRange range)
        throws IOException {
      return wrap.apply(source.open(request, version, range));
    }

    @Override
    public void close() {
      source.close();
    }
  }

  /** Gives half a piece, and the rest when everybody has got that. */
  private static final class HalfFirst extends FilterInputStream {
    private final CountDownLatch all;
    private int reads;

    HalfFirst(InputStream in, CountDownLatch all) {
      super(in);
      this.all = all;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (reads++ == 0) {
        int count = super.read(into, offset, Math.min(length, PIECE / 2));
        all.countDown();
        return count;
      }
      awaitQuietly(all);
      return super.read(into, offset, Math.min(length, PIECE / 4));
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void moreDownloadsThanBuffersDoNotWaitForEachOther() {
    int many = 140; // 32 MiB of buffers are 128
    CountDownLatch all = new CountDownLatch(many);
    Source source = new Wrapped(fixture.source, in -> new HalfFirst(in, all));
    DistributionClient client = fixture.start(fixture.alone().source("https", source));
    List<Fetch> fetches = new ArrayList<>();
    for (int i = 0; i < many; i++) {
      URI uri = URI.create("https://source.test/" + i);
      fixture.source.put(uri, bytes(PIECE - i));
      fetches.add(client.prefetch(FetchRequest.builder(uri).build()));
    }
    assertThat(fetches)
        .allSatisfy(f -> assertThat(f.completion()).succeedsWithin(90, TimeUnit.SECONDS));
  }

  @Test
  void aFetchThatComesWhileAReadingEndsIsReadFor() throws Exception {
    byte[] bytes = bytes(6 * PIECE);
    fixture.source.put(URI_A, bytes);
    CountDownLatch closing = new CountDownLatch(1);
    CountDownLatch close = new CountDownLatch(1);
    Source source = new Wrapped(fixture.source, in -> new SlowToClose(in, closing, close));
    DistributionClient client = fixture.start(fixture.alone().source("https", source));
    FetchRequest first = FetchRequest.builder(URI_A).range(ByteRange.of(0, PIECE)).build();
    try (InputStream in = client.open(first)) {
      awaitQuietly(closing);
      ByteRange range = ByteRange.of(3 * PIECE, 4 * PIECE);
      Fetch second = client.start(fixture.request().range(range).build());
      await(() -> fixture.events.seen().stream().filter("registered"::equals).count() == 2);
      close.countDown();
      assertThat(second.completion()).succeedsWithin(10, TimeUnit.SECONDS);
      assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOf(bytes, PIECE));
    }
  }

  private static final class SlowToClose extends FilterInputStream {
    private final CountDownLatch closing;
    private final CountDownLatch close;

    SlowToClose(InputStream in, CountDownLatch closing, CountDownLatch close) {
      super(in);
      this.closing = closing;
      this.close = close;
    }

    @Override
    public void close() throws IOException {
      closing.countDown();
      awaitQuietly(close);
      super.close();
    }
  }

  @Test
  void aReaderHearsThatItsClientIsClosedAlsoWhenAllHadCome() throws Exception {
    fixture.source.put(URI_A, bytes(20 * PIECE));
    DistributionClient client = fixture.start(fixture.alone());
    try (InputStream in = client.open(FetchRequest.builder(URI_A).build())) {
      await(() -> fixture.events.seen().contains("completed"));
      client.close();
      assertThatThrownBy(in::readAllBytes)
          .isInstanceOf(IOException.class)
          .hasCauseInstanceOf(FetchCancelledException.class);
    }
  }
}
