package io.dragonfly.examples.thin;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * How to reach a home's server: {@code server.json}. It is a hint; the lock of the home says
 * whether a server runs.
 *
 * @param port where it listens on 127.0.0.1
 * @param pid its process
 * @param version what it was built as
 * @param token in hex; who knows it may call
 */
public record ServerFile(int port, long pid, String version, String token) {
  /** Its name in a home. */
  public static final String NAME = "server.json";

  private static final int MOST_BYTES = 4096;
  private static final int TOKEN_DIGITS = 64;

  /** Returns the token. */
  public byte[] tokenBytes() {
    return HexFormat.of().parseHex(token);
  }

  /** Hides the token: it is a secret. */
  @Override
  public String toString() {
    return "server of version " + version + ", process " + pid;
  }

  /** Returns what is written to the file. */
  public String toJson() {
    return "{\"address\":\"127.0.0.1:"
        + port
        + "\",\"pid\":"
        + pid
        + ",\"version\":\""
        + version
        + "\",\"token\":\""
        + token
        + "\"}\n";
  }

  /** Reads the file of a home; null if there is none that is one. */
  static @Nullable ServerFile read(File home) {
    byte[] bytes;
    try (InputStream in = new FileInputStream(new File(home, NAME))) {
      bytes = in.readNBytes(MOST_BYTES);
    } catch (IOException e) {
      return null;
    }
    return parse(new String(bytes, StandardCharsets.UTF_8));
  }

  /** Reads what {@link #toJson} writes; null if it is something else. */
  static @Nullable ServerFile parse(String json) {
    String address = text(json, "address");
    String version = text(json, "version");
    String token = text(json, "token");
    String pid = number(json, "pid");
    if (address == null || version == null || token == null || pid == null) {
      return null;
    }
    if (!address.startsWith("127.0.0.1:") || token.length() != TOKEN_DIGITS) {
      return null;
    }
    try {
      int port = Integer.parseInt(address.substring("127.0.0.1:".length()));
      ServerFile file = new ServerFile(port, Long.parseLong(pid), version, token);
      byte[] unused = file.tokenBytes();
      return port > 0 && port < 1 << 16 ? file : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static @Nullable String text(String json, String name) {
    String start = "\"" + name + "\":\"";
    int from = json.indexOf(start);
    int to = from < 0 ? -1 : json.indexOf('"', from + start.length());
    return to < 0 ? null : json.substring(from + start.length(), to);
  }

  private static @Nullable String number(String json, String name) {
    String start = "\"" + name + "\":";
    int from = json.indexOf(start);
    if (from < 0) {
      return null;
    }
    int to = from + start.length();
    while (to < json.length() && json.charAt(to) >= '0' && json.charAt(to) <= '9') {
      to++;
    }
    return json.substring(from + start.length(), to);
  }
}
