package io.dragonfly.examples.thin;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the background peer must know about who calls, as far as this process can see it. */
final class Caller {
  private static final String[] VARIABLES = {
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "dragonfly_plain",
    "TERM",
    "NO_COLOR"
  };

  private static final String OWN_VARIABLES = "DRAGONFLY_";

  /** Where the configuration file is that no call names. */
  private static final String CONFIGURATION = "/etc/dragonfly";

  private Caller() {}

  static String directory() {
    return System.getProperty("user.dir", "/");
  }

  /**
   * Returns the call of this process. Of the environment only what settings are made of.
   *
   * @param fileSystem names this process's view of the file system
   * @param otherView whether the background peer has another one
   */
  static CallMessage message(List<String> arguments, String fileSystem, boolean otherView) {
    String status = status();
    List<String> environment = environment();
    String directory = directory();
    return new CallMessage(
        arguments,
        directory,
        environment,
        number(status, "\nUmask:\t", 8),
        columns(),
        Math.max(0, number(status, "\nPid:\t", 10)),
        fileSystem,
        otherView ? directories(arguments, environment, directory) : new ArrayList<>());
  }

  private static List<String> environment() {
    List<String> chosen = new ArrayList<>();
    Map<String, String> all = System.getenv();
    for (String name : VARIABLES) {
      String value = all.get(name);
      if (value != null) {
        chosen.add(name);
        chosen.add(value);
      }
    }
    for (Map.Entry<String, String> variable : all.entrySet()) {
      if (variable.getKey().startsWith(OWN_VARIABLES)) {
        chosen.add(variable.getKey());
        chosen.add(variable.getValue());
      }
    }
    return chosen;
  }

  /** Returns what Linux says about this process; empty on other systems. */
  private static String status() {
    try (InputStream in = new FileInputStream("/proc/self/status")) {
      return new String(in.readNBytes(4096), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  private static int number(String status, String before, int radix) {
    int at = status.indexOf(before);
    int from = at + before.length();
    int to = status.indexOf('\n', from);
    if (at < 0 || to < 0) {
      return -1; // no Linux, or one before 4.7
    }
    return Integer.parseInt(status.substring(from, to).trim(), radix);
  }

  /** Returns the columns of the terminal, which the start script looks up. */
  static int columns() {
    String columns = System.getProperty("dragonfly.columns", "");
    try {
      return columns.isEmpty() ? 0 : Integer.parseInt(columns);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /**
   * Returns the directories of all files that the call may name, each with its identity: any word
   * with a slash may be a path, also behind {@code =} and {@code @}.
   */
  static List<String> directories(
      List<String> arguments, List<String> environment, String directory) {
    List<String> found = new ArrayList<>();
    add(found, new File(directory));
    add(found, new File(CONFIGURATION));
    for (String word : arguments) {
      int from = 0;
      if (word.startsWith("--")) {
        from = word.indexOf('=') + 1;
      } else if (word.startsWith("-")) {
        from = Math.min(2, word.length());
      }
      addParent(found, directory, word.substring(from));
    }
    for (int i = 1; i < environment.size(); i += 2) {
      addParent(found, directory, environment.get(i));
    }
    return found;
  }

  private static void addParent(List<String> found, String directory, String word) {
    String name = word.startsWith("@") ? word.substring(1) : word;
    if (name.indexOf('/') < 0 || name.contains("://")) {
      return; // in the working directory, or a URL
    }
    File file = new File(name);
    File parent = (file.isAbsolute() ? file : new File(directory, name)).getParentFile();
    if (parent != null) {
      add(found, parent);
    }
  }

  private static void add(List<String> found, File directory) {
    if (!found.contains(directory.getPath())) {
      found.add(directory.getPath());
      found.add(FileIdentity.of(directory.toPath()));
    }
  }
}
