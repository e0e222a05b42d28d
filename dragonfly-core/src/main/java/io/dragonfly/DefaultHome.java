package io.dragonfly;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where a home directory is when none is given. */
final class DefaultHome {
  private DefaultHome() {}

  /** Returns a directory in the user's cache directory. */
  static Path of(String name) {
    return cache(
            System.getenv("XDG_CACHE_HOME"), System.getenv("HOME"), System.getProperty("user.home"))
        .resolve("dragonfly")
        .resolve(name);
  }

  /**
   * Returns the user's cache directory, by the XDG base directories: a relative one does not count.
   *
   * @param cache the variable XDG_CACHE_HOME
   * @param home the variable HOME, which users may set to something else than their account has
   * @param account what their account has
   */
  static Path cache(@Nullable String cache, @Nullable String home, String account) {
    if (cache != null && Path.of(cache).isAbsolute()) {
      return Path.of(cache);
    }
    boolean known = home != null && Path.of(home).isAbsolute();
    return Path.of(known ? home : account, ".cache");
  }
}
