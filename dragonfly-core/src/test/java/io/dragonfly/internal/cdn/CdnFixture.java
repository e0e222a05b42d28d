package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import io.dragonfly.task.Trust;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import io.dragonfly.testkit.UnlimitedRates;
import java.io.IOException;
import java.net.URI;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** A cache with a source and a store that a test can make go wrong. */
@ExtendWith(LeakCheck.class)
abstract class CdnFixture {
  static final URI FILE = URI.create("fake://host/file");
  static final int PIECE = PieceLayout.MIN_PIECE_LENGTH;
  static final int BIG_PIECE = PieceLayout.UNKNOWN_LENGTH_PIECE;

  final FakeTicker ticker = new FakeTicker();
  final FakeSource source = new FakeSource();
  final Sources sources = new Sources(Map.of("fake", source), new SourceConfig("test"));
  RateLimiter reads = new UnlimitedRates().create(Optional.empty());
  final RecordingListener heard = new RecordingListener();
  Storage storage = new MemoryStorage();
  CdnSettings.Keeping keeping = CdnSettings.Keeping.ALL;
  LongSupplier active = ticker;
  CdnCache cache = start();

  CdnCache start() {
    CdnSettings settings =
        CdnSettings.of(Duration.ofSeconds(30), Duration.ofSeconds(60), reads, keeping);
    CdnCache.Time time = new CdnCache.Time(ticker.clock(), ticker, active, ticker.timer());
    return new CdnCache(storage, sources, settings, time, heard);
  }

  void restart() {
    cache.close();
    cache = start();
  }

  @AfterEach
  void close() {
    cache.close();
    sources.close();
    assertThat(source.openStreams()).isZero();
  }

  CdnTask prepare(Optional<Digest> digest) {
    ContentRequest content =
        new ContentRequest(FILE, List.of(), digest, Optional.empty(), Headers.NONE, Trust.PLATFORM);
    return cache.prepare(Task.of(content.key(), source.version(FILE), digest, "once"));
  }

  static Access access(String user) {
    ContentRequest content =
        ContentRequest.of(FILE).withHeaders(Headers.NONE.with("Authorization", user));
    return new Access(content, Requester.THIS_PROCESS, user);
  }

  static SourceRequest request() {
    return new SourceRequest(
        ContentRequest.of(FILE), Duration.ofSeconds(30), Requester.THIS_PROCESS);
  }

  byte[] stored(CdnTask task) throws IOException {
    StoredTask stored = storage.find(task.task().id()).orElseThrow();
    long length = task.task().layout().length().getAsLong();
    try (PieceRegion region = stored.region(ByteRange.of(0, length))) {
      return region.readAll();
    }
  }

  static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  static byte[] part(byte[] content, int from, int to) {
    return Arrays.copyOfRange(content, from, to);
  }

  static Digest sha256(byte[] bytes) {
    return digest(Digest.SHA256, bytes);
  }

  static Digest digest(String algorithm, byte[] bytes) {
    MessageDigest digest = Digest.newMessageDigest(algorithm);
    digest.update(bytes);
    return Digest.of(digest);
  }
}
