package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.testkit.FakePublication;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.LeakCheck;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Ranges to the end of a content, also where nobody knows yet where that is. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class OpenRangeTest {
  private static final byte[] BYTES = bytes((2 << 20) + 7);

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

  /** An open range, and those that end behind any content. */
  static List<ByteRange> toTheEnd() {
    return List.of(ByteRange.from(5), ByteRange.of(5, 1L << 50), ByteRange.of(5, Long.MAX_VALUE));
  }

  private static byte[] from(long start) {
    return Arrays.copyOfRange(BYTES, (int) start, BYTES.length);
  }

  private FetchRequest.Builder request(ByteRange range) {
    return fixture.request().range(range).timeout(Duration.ofSeconds(20));
  }

  @ParameterizedTest
  @MethodSource("toTheEnd")
  void aContentOfUnknownLengthIsFetchedToItsEnd(ByteRange range) {
    fixture.source.put(URI_A, BYTES).withoutLength(URI_A);
    fixture.start(fixture.alone()).fetch(request(range).build());
    assertThat(fixture.output()).hasBinaryContent(from(5));
  }

  @ParameterizedTest
  @MethodSource("toTheEnd")
  void soItIsByTheSupernode(ByteRange range) {
    FakeSupernode supernode = fixture.supernode();
    supernode.put(ContentRequest.of(URI_A), FakePublication.withoutLength(BYTES));
    fixture.start(fixture.of(supernode)).fetch(request(range).build());
    assertThat(fixture.output()).hasBinaryContent(from(5));
    assertThat(supernode.registrations().get(0).range()).contains(range);
  }

  @ParameterizedTest
  @MethodSource("toTheEnd")
  void itIsAStreamToo(ByteRange range) throws Exception {
    fixture.source.put(URI_A, BYTES).withoutLength(URI_A);
    FetchRequest request = FetchRequest.builder(URI_A).range(range).build();
    try (InputStream in = fixture.start(fixture.alone()).open(request)) {
      assertThat(in.readAllBytes()).isEqualTo(from(5));
    }
  }

  @Test
  void othersWhoFetchTheSameAreNotHeldUp() throws Exception {
    fixture.source.put(URI_A, BYTES).withoutLength(URI_A).stallAt(URI_A, 1 << 20);
    DistributionClient client = fixture.start(fixture.alone());
    Fetch all = client.start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    Path second = dir.resolve("second");
    Fetch some = client.start(request(ByteRange.from(1 << 20)).output(second).build());
    ClientFixture.await(() -> some.task().isPresent());
    fixture.source.resume(URI_A);

    assertThat(all.completion()).succeedsWithin(20, TimeUnit.SECONDS);
    assertThat(some.completion()).succeedsWithin(20, TimeUnit.SECONDS);
    assertThat(fixture.output()).hasBinaryContent(BYTES);
    assertThat(second).hasBinaryContent(from(1 << 20));
  }

  @Test
  void anOpenRangeOfAKnownLengthEndsThere() {
    fixture.source.put(URI_A, bytes(3 * PIECE));
    DistributionClient client = fixture.start(fixture.alone());
    client.fetch(request(ByteRange.from(2 * PIECE + 1)).build());
    assertThat(fixture.output())
        .hasBinaryContent(Arrays.copyOfRange(bytes(3 * PIECE), 2 * PIECE + 1, 3 * PIECE));
    assertThatThrownBy(() -> client.fetch(request(ByteRange.from(3 * PIECE)).build()))
        .isInstanceOf(ContentNotFoundException.class)
        .hasMessageContaining("Bytes %d- of".formatted(3 * PIECE));
  }
}
