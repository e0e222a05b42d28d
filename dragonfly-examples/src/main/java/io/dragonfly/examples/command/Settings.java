package io.dragonfly.examples.command;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What a call's environment and configuration file say about options that are not on its command
 * line. A setting is named like the option: {@code home-dir} in the file, {@code
 * DRAGONFLY_HOME_DIR} in the environment, which wins.
 */
final class Settings implements IDefaultValueProvider {
  /** The option that names the configuration file. */
  static final String CONFIG = "--config";

  /** The option that shows all settings. */
  static final String PRINT_CONFIG = "--print-config";

  private static final String VARIABLE = "DRAGONFLY_";
  private static final String DIRECTORY = "/etc/dragonfly/";

  /** They are about one call, and nobody's settings. */
  private static final Set<String> FLAGS_ONLY = Set.of("help", "version", "config", "print-config");

  private final Map<String, Given> given = new HashMap<>();
  private final List<String> warnings = new ArrayList<>();

  private Settings() {}

  /**
   * A setting that was given.
   *
   * @param values as they are written
   * @param where the variable, or the file and the line
   * @param places where each of the values is, if they are in a list of a file
   */
  record Given(List<String> values, String where, List<String> places) {
    /** Returns where a value, or a part of one, is. */
    String where(String value) {
      int index = values.indexOf(value);
      for (int i = 0; index < 0 && i < values.size(); i++) {
        index = values.get(i).contains(value) ? i : index;
      }
      return index >= 0 && index < places.size() ? places.get(index) : where;
    }
  }

  /** No settings: all that is not on the command line has its default. */
  static Settings none() {
    return new Settings();
  }

  /**
   * Reads what a call's environment and file say.
   *
   * @param root the command
   * @param about tells whether it has settings at all
   * @throws SettingsException if the file cannot be used
   */
  static Settings of(CommandSpec root, Described about, Call call) {
    Settings settings = new Settings();
    if (!about.hasSettings()) {
      return settings;
    }
    Set<String> names = names(root);
    names.addAll(about.settingsOfOthers());
    settings.readFile(root, about, call, names);
    settings.readVariables(call, names);
    return settings;
  }

  /** Returns the names of all settings of a command; subcommands have none. */
  static Set<String> names(CommandSpec root) {
    Set<String> names = new TreeSet<>();
    for (OptionSpec option : root.options()) {
      if (!FLAGS_ONLY.contains(name(option))) {
        names.add(name(option));
      }
    }
    return names;
  }

  /** Returns the file that a command reads where its call names none. */
  static String defaultFile(CommandSpec root) {
    return DIRECTORY + root.name().split(" ", 2)[0] + ".yml";
  }

  private void readFile(CommandSpec root, Described about, Call call, Set<String> names) {
    Optional<String> chosen = chosenFile(call);
    String file = chosen.orElseGet(() -> defaultFile(root));
    Map<String, ConfigFile.Entry> entries =
        ConfigFile.read(call, file, chosen.isPresent(), name -> refusal(name, about, names));
    entries.forEach((name, entry) -> put(name, given(file + " line ", entry)));
  }

  /** Adds a setting of the file under its present name. */
  private void put(String written, Given setting) {
    String name = OldNames.present(written);
    Given first = given.putIfAbsent(name, setting);
    if (first != null) {
      throw new SettingsException(
          "%s: '%s' is another name of '%s', which is set in %s"
              .formatted(setting.where(), written, name, first.where()));
    }
  }

  private static Given given(String line, ConfigFile.Entry entry) {
    List<String> values = entry.values().stream().map(ConfigFile.Value::text).toList();
    List<String> places =
        entry.isList()
            ? entry.values().stream().map(value -> line + value.line()).toList()
            : List.of();
    return new Given(values, line + entry.line(), places);
  }

  private static Optional<String> refusal(String written, Described about, Set<String> names) {
    String name = names.contains(OldNames.present(written)) ? OldNames.present(written) : written;
    String why = about.notInFiles().get(name);
    if (why != null) {
      return Optional.of("'%s' %s".formatted(name, why));
    }
    if (names.contains(name)) {
      return Optional.empty();
    }
    if (FLAGS_ONLY.contains(name)) {
      return Optional.of("'%s' is for the command line only".formatted(name));
    }
    return Optional.of(
        replaced(name, about)
            .map(instead -> "'%s' is of Dragonfly 1: %s".formatted(name, instead))
            .orElseGet(
                () ->
                    "there is no setting '%s'%s".formatted(name, Nearest.suggestion(name, names))));
  }

  /**
   * Returns what to write instead of a setting of Dragonfly 1, which has a flag's name or nearly.
   */
  private static Optional<String> replaced(String name, Described about) {
    String flag = "--" + name.replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
    return Optional.ofNullable(about.replaced().get(name))
        .or(
            () ->
                Optional.ofNullable(about.replaced().get(flag))
                    .map(use -> use.startsWith("use --") ? use.replace("--", "") : use));
  }

  private static Optional<String> chosenFile(Call call) {
    List<String> arguments = call.arguments();
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (argument.equals(CONFIG) && i + 1 < arguments.size()) {
        return Optional.of(arguments.get(i + 1));
      }
      if (argument.startsWith(CONFIG + "=")) {
        return Optional.of(argument.substring(CONFIG.length() + 1));
      }
    }
    return variable(call, "config");
  }

  private void readVariables(Call call, Set<String> names) {
    OldNames.NAMES.forEach((old, name) -> readVariable(call, old, names.contains(name)));
    names.forEach(name -> readVariable(call, name, true));
    Set<String> variables = new TreeSet<>();
    names.forEach(name -> variables.add(variable(name)));
    OldNames.NAMES.keySet().forEach(name -> variables.add(variable(name)));
    for (String variable : call.environment().keySet()) {
      if (variable.startsWith(VARIABLE) && !variables.contains(variable)) {
        Nearest.to(variable, variables)
            .ifPresent(
                near -> warnings.add("%s is not read, did you mean %s?".formatted(variable, near)));
      }
    }
  }

  private void readVariable(Call call, String name, boolean isUsed) {
    variable(call, name)
        .filter(value -> isUsed)
        .ifPresent(
            value ->
                given.put(
                    OldNames.present(name),
                    new Given(List.of(value.split("\n")), variable(name), List.of())));
  }

  private static Optional<String> variable(Call call, String name) {
    String value = call.environment().get(variable(name));
    // Kubernetes sets DRAGONFLY_PORT to such a URL where a service has the name "dragonfly".
    return value == null || value.isEmpty() || value.startsWith("tcp://")
        ? Optional.empty()
        : Optional.of(value);
  }

  private static String variable(String name) {
    return VARIABLE + name.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  private static String name(OptionSpec option) {
    return option.longestName().replaceFirst("^-+", "");
  }

  /** Returns what looks like a mistake but may be meant for another program. */
  List<String> warnings() {
    return warnings;
  }

  /** Returns what was said about an option elsewhere than on the command line. */
  Optional<Given> given(@Nullable ArgSpec argument) {
    return argument instanceof OptionSpec option
        ? Optional.ofNullable(given.get(name(option)))
        : Optional.empty();
  }

  /** Tells whether a switch is set elsewhere than on the command line. */
  boolean isSet(String name) {
    Given found = given.get(name);
    return found != null && found.values().equals(List.of("true"));
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    return given(argument).map(found -> joined(argument, found)).orElse(null);
  }

  /** Several values become one text that the option splits again; others are an error of theirs. */
  private static String joined(ArgSpec argument, Given found) {
    String separator = argument.splitRegex();
    if (separator.isEmpty() && (found.values().size() > 1 || !found.places().isEmpty())) {
      throw new SettingsException(
          "%s: '%s' takes one value, not a list"
              .formatted(found.where(), name((OptionSpec) argument)));
    }
    return String.join(separator, found.values());
  }
}
