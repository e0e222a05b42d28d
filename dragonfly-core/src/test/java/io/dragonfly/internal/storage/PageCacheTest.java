package io.dragonfly.internal.storage;

import static io.dragonfly.internal.storage.DiskFixture.range;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.spi.StoredTask;
import io.dragonfly.testkit.FakeTicker;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageCacheTest {
  private final FakeTicker ticker = new FakeTicker();
  private final PageCache cache = new PageCache(ticker);
  private final PageCache.Pieces pieces = cache.new Pieces();

  @TempDir Path home;

  @Test
  void whatWasUsedIsWarmForOneToTwoEpochs() {
    pieces.used(2, 4);
    assertThat(pieces.areWarm(2, 4)).isTrue();
    assertThat(pieces.areWarm(1, 4)).isFalse();
    assertThat(pieces.areWarm(4, 5)).isFalse();

    ticker.advance(PageCache.EPOCH);
    assertThat(pieces.areWarm(2, 4)).isTrue();
    pieces.used(3, 3);
    ticker.advance(PageCache.EPOCH);
    assertThat(pieces.areWarm(3, 3)).isTrue();
    assertThat(pieces.areWarm(2, 2)).isFalse();

    ticker.advance(PageCache.EPOCH.multipliedBy(5));
    assertThat(pieces.areWarm(3, 3)).isFalse();
  }

  @Test
  void otherBytesPushItOut() {
    pieces.used(1, 1);
    cache.added(PageCache.EPOCH_BYTES);
    assertThat(pieces.areWarm(1, 1)).isTrue();
    cache.added(PageCache.EPOCH_BYTES - 1);
    assertThat(pieces.areWarm(1, 1)).isTrue();
    cache.added(1);
    assertThat(pieces.areWarm(1, 1)).isFalse();
  }

  @Test
  void aStoreThatWasJustOpenedIsCold() throws Exception {
    try (DiskFixture disk = new DiskFixture(home)) {
      disk.whole();
      StoredTask stored = disk.reopened();
      assertThat(stored.isCold(range(1))).isTrue();

      stored.readAhead(range(1));
      assertThat(stored.isCold(range(1))).isFalse();
      assertThat(stored.isCold(range(2))).isTrue();
      DiskFixture.assertServes(stored, 0, 1, 2, 3, 4, 5);
    }
  }

  @Test
  void whatWasJustWrittenLacksOnlyAnOpenFile() throws Exception {
    try (DiskFixture disk = new DiskFixture(home)) {
      StoredTask stored = disk.whole();
      assertThat(stored.isCold(range(1))).isTrue();
      stored.readAhead(range(1));
      assertThat(stored.isCold(range(1))).isFalse();
      assertThat(stored.isCold(range(5))).isFalse(); // nothing but the file was opened

      stored.region(range(5)).close();
      disk.machine().ticker().advance(PageCache.EPOCH);
      assertThat(stored.isCold(range(5))).isFalse();
      stored.region(range(5)).close(); // which counts as a use
      disk.machine().ticker().advance(PageCache.EPOCH);
      assertThat(stored.isCold(range(5))).isFalse();
      assertThat(stored.isCold(range(1))).isTrue();
    }
  }
}
