package io.dragonfly.internal.storage;

import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.testkit.StorageContract;

class DiskStorageTest extends StorageContract {
  @Override
  protected Storage open(StorageConfig config) {
    return new DiskStorageProvider().create(config);
  }
}
