package io.dragonfly.spi;

import java.io.IOException;

/** Makes a {@link Storage}. Found by ServiceLoader; an instance given to a builder wins. */
public interface StorageProvider {
  /** Returns the name that settings choose it by, such as {@code disk}. */
  String name();

  /** Opens a storage. The caller closes it. */
  Storage create(StorageConfig config) throws IOException;
}
