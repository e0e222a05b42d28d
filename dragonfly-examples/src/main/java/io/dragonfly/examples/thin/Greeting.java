package io.dragonfly.examples.thin;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * What a background peer says first on each connection. The first line and the second never change
 * their meaning, so that commands and background peers of any two versions understand each other so
 * far; lines may be added.
 *
 * @param pid its process
 * @param version what it was built as
 * @param fileSystem names its view of the file system; empty where not known
 */
public record Greeting(long pid, String version, String fileSystem) {
  private static final int LINES = 3;

  /** Returns that of this process. */
  public static Greeting ofThisProcess() {
    return new Greeting(
        ProcessHandle.current().pid(), Distribution.version(), FileIdentity.fileSystem());
  }

  /** Returns the greeting as it goes over the socket. */
  public byte[] toBytes() {
    return (pid + "\n" + version + "\n" + fileSystem + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads a greeting.
   *
   * @throws IOException if it is none
   */
  public static Greeting parse(byte[] bytes) throws IOException {
    String text = new String(bytes, StandardCharsets.UTF_8);
    String[] lines = new String[LINES];
    int from = 0;
    for (int i = 0; i < LINES; i++) {
      int to = text.indexOf('\n', from);
      if (to < 0) {
        throw new IOException("a greeting is not well formed");
      }
      lines[i] = text.substring(from, to);
      from = to + 1;
    }
    try {
      return new Greeting(Long.parseLong(lines[0]), lines[1], lines[2]);
    } catch (NumberFormatException e) {
      throw new IOException("a greeting is not well formed", e);
    }
  }

  @Override
  public String toString() {
    return "background peer of version " + version + ", process " + pid;
  }
}
