package io.dragonfly.examples.thin;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the server must know about who calls, as far as this process can see it. */
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
  private static final String UMASK = "Umask:\t";

  private Caller() {}

  static String directory() {
    return System.getProperty("user.dir", "/");
  }

  /** Returns the call of this process. Of the environment only what settings are made of. */
  static CallMessage message(List<String> arguments) throws IOException {
    return new CallMessage(arguments, directory(), environment(), umask(), columns(), fileSystem());
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

  private static int umask() {
    try (InputStream in = new FileInputStream("/proc/self/status")) {
      String status = new String(in.readNBytes(4096), StandardCharsets.ISO_8859_1);
      int from = status.indexOf(UMASK);
      int to = status.indexOf('\n', from);
      return from < 0 || to < 0
          ? -1
          : Integer.parseInt(status.substring(from + UMASK.length(), to).trim(), 8);
    } catch (IOException | NumberFormatException e) {
      return -1; // no Linux, or one before 4.7
    }
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
   * Returns the name of this process's mount namespace: in another one the same path is another
   * file.
   */
  static String fileSystem() {
    Path link = new File("/proc/self/ns/mnt").toPath();
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException | UnsupportedOperationException e) {
      return "";
    }
  }
}
