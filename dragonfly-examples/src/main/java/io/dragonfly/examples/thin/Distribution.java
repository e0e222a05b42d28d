package io.dragonfly.examples.thin;

/** What the start script says about the installation that this process is of. */
public final class Distribution {
  /** The environment variable of a server that a dfget has started. */
  public static final String DETACHED = "dragonfly_detached";

  private static final String DIRECTORY = "dragonfly.distribution";
  private static final String VERSION = "dragonfly.version";

  private Distribution() {}

  /** Returns the start script of dfget. */
  static String dfget() {
    return System.getProperty(DIRECTORY, ".") + "/bin/dfget";
  }

  /** Returns what tells one build's server from that of another. */
  public static String version() {
    return System.getProperty(VERSION, "unknown");
  }
}
