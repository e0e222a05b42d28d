package io.dragonfly.examples.dfget;

import java.util.Map;

/** What users of Dragonfly 1 may look for in {@code dfget}, and what they find instead. */
final class DfgetOfVersion1 {
  private static final String SUPERNODE_DECIDES =
      "the supernode decides how many peers may read the source, start it with"
          + " --back-to-source-peers 0";

  private static final String LABEL = "it was a label alone, --callsystem is one";
  private static final String NO_QUEUE = "what waits for the disk is bounded without it";
  private static final String IN_HOME = "all that a peer keeps is in --home";
  private static final String NO_LOG_SETTING = "logs are rotated in <home>/logs, leave it out";

  /** By the name of the option, setting or subcommand. */
  static final Map<String, String> REPLACED =
      Map.ofEntries(
          Map.entry("--notbs", SUPERNODE_DECIDES),
          Map.entry("--dfdaemon", LABEL),
          Map.entry("--clientqueue", NO_QUEUE),
          Map.entry("--data", IN_HOME),
          Map.entry("--meta", IN_HOME),
          Map.entry("version", "write --version"),
          Map.entry("gen-doc", "the documentation is in the commands' page, and in --help"),
          Map.entry("nodes", "write 'node'"),
          Map.entry("localLimit", "write 'locallimit'"),
          Map.entry("minRate", "write 'minrate'"),
          Map.entry("totalLimit", "write 'totallimit'"),
          Map.entry("workHome", "use --home or DRAGONFLY_HOME"),
          Map.entry("clientQueueSize", NO_QUEUE),
          Map.entry("logConfig", NO_LOG_SETTING));

  private DfgetOfVersion1() {}
}
