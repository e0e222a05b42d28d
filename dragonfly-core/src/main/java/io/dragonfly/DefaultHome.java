package io.dragonfly;

import java.nio.file.Path;

/** Where a home directory is when none is given. */
final class DefaultHome {
  private DefaultHome() {}

  /** Returns a directory in the user's cache directory. */
  static Path of(String name) {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path base =
        cache == null || cache.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(cache);
    return base.resolve("dragonfly").resolve(name);
  }
}
