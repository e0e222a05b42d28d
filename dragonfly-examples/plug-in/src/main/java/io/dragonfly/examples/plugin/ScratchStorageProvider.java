package io.dragonfly.examples.plugin;

import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StorageProvider;
import java.io.IOException;

/** Makes the store that is called {@code scratch}. */
public final class ScratchStorageProvider implements StorageProvider {
  /** For ServiceLoader. */
  public ScratchStorageProvider() {}

  @Override
  public String name() {
    return "scratch";
  }

  @Override
  public Storage create(StorageConfig config) throws IOException {
    return new ScratchStorage(config);
  }
}
