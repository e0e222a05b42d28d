package io.dragonfly.examples.command;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a command tells about itself beside its options. All of it may be left out. */
public interface Described {
  /** Tells whether options may come from the environment and a configuration file as well. */
  default boolean hasSettings() {
    return false;
  }

  /**
   * Returns the names of options, settings and subcommands that people may know from Dragonfly 1,
   * each with what to do instead.
   */
  default Map<String, String> replaced() {
    return Map.of();
  }

  /** Returns words that stand somewhere else in a call, each with how it is written. */
  default Map<String, String> misplaced() {
    return Map.of();
  }

  /** Returns the names of settings that others read from the same configuration file. */
  default Set<String> settingsOfOthers() {
    return Set.of();
  }

  /** Returns the settings that no configuration file may have, each with why and what to do. */
  default Map<String, String> notInFiles() {
    return Map.of();
  }

  /** Returns settings whose defaults depend on the call, each with its default. */
  default Map<String, String> defaults() {
    return Map.of();
  }

  /** Returns the commands that begin with this one's name, such as {@code limit}. */
  default List<Object> subcommands() {
    return List.of();
  }

  /** Returns what the JSON of a failure tells beside the failure: names and values. */
  default Map<String, String> context() {
    return Map.of();
  }

  /** Tells whether stdout is for a file's bytes; then JSON goes to stderr. */
  default boolean isStdoutTaken() {
    return false;
  }
}
