package io.dragonfly.examples.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Earlier names of options, which still work on the command line, in the environment and in
 * configuration files. No help text and no message shows them.
 */
final class OldNames {
  /** Old name to present name, both without the dashes. */
  static final Map<String, String> NAMES = Map.of("idc", "zone", "idcs", "zones");

  private OldNames() {}

  /** Returns the arguments with present names. What follows {@code --} is no option. */
  static List<String> replaceIn(List<String> arguments) {
    List<String> replaced = new ArrayList<>(arguments);
    int end = arguments.indexOf("--");
    for (int i = 0; i < (end < 0 ? arguments.size() : end); i++) {
      String argument = arguments.get(i);
      if (argument.startsWith("--")) {
        String[] parts = argument.substring(2).split("=", 2);
        String name = NAMES.getOrDefault(parts[0], parts[0]);
        replaced.set(i, "--" + name + (parts.length == 2 ? "=" + parts[1] : ""));
      }
    }
    return replaced;
  }

  /** Returns the present name of a setting. */
  static String present(String name) {
    return NAMES.getOrDefault(name, name);
  }
}
