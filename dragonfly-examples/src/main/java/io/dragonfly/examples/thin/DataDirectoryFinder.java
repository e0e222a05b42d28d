package io.dragonfly.examples.thin;

import java.io.File;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the data directory of a call: the option {@code --home} before the variable {@code
 * DRAGONFLY_HOME} before the default. No configuration file names it: a data directory belongs to
 * one user, and the thin command reads no YAML.
 */
public final class DataDirectoryFinder {
  private DataDirectoryFinder() {}

  /**
   * Returns the data directory that the words of a command line name.
   *
   * @param directory where relative paths begin
   * @throws IOException if it is empty
   */
  public static File of(List<String> words, String directory) throws IOException {
    return of(new Arguments(words), directory);
  }

  static File of(Arguments arguments, String directory) throws IOException {
    String home = arguments.value("--home");
    if (home == null) {
      home = set("DRAGONFLY_HOME");
    }
    if (home == null) {
      return byDefault();
    }
    if (home.isEmpty()) { // it would be the working directory, where nobody expects it
      throw new FailedException(
          ThinMain.USAGE,
          "--home is empty: name a directory, or leave it out for that of the user's peer");
    }
    File file = new File(home);
    return file.isAbsolute() ? file : new File(directory, home);
  }

  /** Returns where the home is when nobody says so: in the user's cache directory. */
  public static File byDefault() {
    File cache = cache(set("XDG_CACHE_HOME"), set("HOME"), System.getProperty("user.home", "/"));
    return new File(new File(cache, "dragonfly"), "peer");
  }

  /**
   * Returns the user's cache directory, as the library's default does.
   *
   * @param cache the variable XDG_CACHE_HOME
   * @param home the variable HOME, which users may set to something else than their account has
   * @param account what their account has
   */
  static File cache(@Nullable String cache, @Nullable String home, String account) {
    if (cache != null && new File(cache).isAbsolute()) {
      return new File(cache);
    }
    boolean known = home != null && new File(home).isAbsolute();
    return new File(known ? home : account, ".cache");
  }

  private static @Nullable String set(String variable) {
    String value = System.getenv(variable);
    return value == null || value.isEmpty() ? null : value;
  }
}
