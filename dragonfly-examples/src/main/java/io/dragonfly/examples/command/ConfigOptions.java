package io.dragonfly.examples.command;

import picocli.CommandLine.Option;

/** The options of commands that have settings. They are read before all others are. */
@SuppressWarnings("UnusedVariable")
final class ConfigOptions {
  @Option(
      names = Settings.CONFIG,
      paramLabel = "FILE",
      description = "Settings in YAML. Default: ${DEFAULT-VALUE}, if it is there.")
  private String config;

  @Option(
      names = Settings.PRINT_CONFIG,
      description = "Print each setting and where it comes from, and do nothing else.")
  private boolean printConfig;

  /**
   * The options of a command.
   *
   * @param file what the command reads unless a call names another file
   */
  ConfigOptions(String file) {
    config = file;
  }
}
