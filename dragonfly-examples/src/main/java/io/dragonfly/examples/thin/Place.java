package io.dragonfly.examples.thin;

import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a call's home is.
 *
 * @param home the directory
 * @param given whether anybody chose it
 * @param config the configuration file; null if there is none
 */
public record Place(File home, boolean given, @Nullable File config) {
  private static final String CONFIG = "/etc/dragonfly/dfget.yml";
  private static final String KEY = "home:";

  /** Returns the place that a call names: flag before environment before file before default. */
  static Place of(Arguments arguments, String directory) throws IOException {
    File config = config(arguments, directory);
    String home = arguments.value("--home");
    if (home == null) {
      home = set("DRAGONFLY_HOME");
    }
    if (home == null && config != null) {
      home = homeIn(config);
    }
    if (home == null) {
      return new Place(byDefault(), false, config);
    }
    if (home.isEmpty()) { // it would be the working directory, where nobody expects it
      throw new FailedException(
          ThinMain.USAGE,
          "--home is empty: name a directory, or leave it out for that of the user's peer");
    }
    return new Place(resolve(directory, home), true, config);
  }

  /** Returns the place that the words of a command line name. */
  public static Place of(List<String> words) throws IOException {
    return of(words, Caller.directory());
  }

  /** The same for a call from another directory. */
  public static Place of(List<String> words, String directory) throws IOException {
    return of(new Arguments(words), directory);
  }

  /** Returns where the home is when nobody says so: in the user's cache directory. */
  public static File byDefault() {
    return new File(new File(cache(), "dragonfly"), "peer");
  }

  private static File cache() {
    return cache(set("XDG_CACHE_HOME"), set("HOME"), System.getProperty("user.home", "/"));
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

  private static @Nullable File config(Arguments arguments, String directory) {
    String name = arguments.value("--config");
    if (name == null) {
      name = set("DRAGONFLY_CONFIG");
    }
    if (name != null) {
      return resolve(directory, name);
    }
    File usual = new File(CONFIG);
    return usual.isFile() ? usual : null;
  }

  /** Returns the home that a configuration file has at its top level. The server reads the rest. */
  private static @Nullable String homeIn(File config) throws IOException {
    if (!config.isFile()) {
      return null; // the server says so
    }
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(new FileInputStream(config), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(KEY)) {
          return scalar(line.substring(KEY.length()).trim());
        }
      }
    }
    return null;
  }

  private static @Nullable String scalar(String text) {
    if (text.isEmpty() || text.startsWith("#")) {
      return null;
    }
    char quote = text.charAt(0);
    if (quote == '"' || quote == '\'') {
      int end = text.indexOf(quote, 1);
      return end < 0 ? null : text.substring(1, end);
    }
    int comment = text.indexOf(" #");
    return comment < 0 ? text : text.substring(0, comment).trim();
  }

  private static @Nullable String set(String variable) {
    String value = System.getenv(variable);
    return value == null || value.isEmpty() ? null : value;
  }

  private static File resolve(String directory, String name) {
    File file = new File(name);
    return file.isAbsolute() ? file : new File(directory, name);
  }
}
