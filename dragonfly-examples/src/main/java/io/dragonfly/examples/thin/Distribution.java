package io.dragonfly.examples.thin;

/** What the start script says about the installation that this process is of. */
public final class Distribution {
  /** The environment variable of a process that a dfget has started for its call. */
  public static final String FIRST_CALL = "dragonfly_first_call";

  /** Its value if the process may become the background peer. */
  public static final String BACKGROUND = "background";

  /** Its value if the process must end with the call. */
  static final String FOREGROUND = "foreground";

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
