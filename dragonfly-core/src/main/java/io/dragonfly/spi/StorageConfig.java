package io.dragonfly.spi;

import java.nio.file.Path;

/** What a storage is told when it is opened. Immutable; settings may be added. */
public final class StorageConfig {
  private final Path home;
  private final long reserveBytes;

  /**
   * The settings of a storage.
   *
   * @param home its directory; no other process uses it
   * @param reserveBytes bytes that stay free on the disk
   */
  public StorageConfig(Path home, long reserveBytes) {
    this.home = home;
    this.reserveBytes = reserveBytes;
  }

  /** Returns the storage's directory; no other process uses it. */
  public Path home() {
    return home;
  }

  /** Returns the bytes that stay free on the disk. */
  public long reserveBytes() {
    return reserveBytes;
  }
}
