package io.dragonfly.internal.storage;

import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StorageProvider;

/** Makes {@link DiskStorage}s: the store called {@code disk}. */
public final class DiskStorageProvider implements StorageProvider {
  @Override
  public String name() {
    return "disk";
  }

  @Override
  public Storage create(StorageConfig config) {
    return DiskStorage.open(config);
  }
}
