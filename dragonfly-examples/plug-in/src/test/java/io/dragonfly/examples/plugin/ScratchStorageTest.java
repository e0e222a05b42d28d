package io.dragonfly.examples.plugin;

import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.testkit.StorageContract;
import java.io.IOException;

/** The scratch store keeps the contract of every storage, but for what a restart finds. */
class ScratchStorageTest extends StorageContract {
  @Override
  protected Storage open(StorageConfig config) throws IOException {
    return new ScratchStorage(config);
  }

  @Override
  protected boolean keepsAcrossRestarts() {
    return false;
  }
}
