package io.dragonfly.contract;

import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.testkit.MemoryStorage;
import io.dragonfly.testkit.StorageContract;

class MemoryStorageTest extends StorageContract {
  @Override
  protected Storage open(StorageConfig config) {
    return new MemoryStorage(Long.MAX_VALUE - 2 * config.reserveBytes());
  }

  @Override
  protected boolean keepsAcrossRestarts() {
    return false;
  }
}
