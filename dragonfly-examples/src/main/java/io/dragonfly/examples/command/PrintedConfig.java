package io.dragonfly.examples.command;

import java.io.PrintWriter;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * Writes the settings of a call as a configuration file, each with where it comes from. Secrets are
 * left out, and so is the part of a URL that may hold one.
 */
final class PrintedConfig {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9/][A-Za-z0-9/._%+@:-]*");
  private static final Set<String> SILENT =
      Set.of("--help", "--version", Settings.CONFIG, Settings.PRINT_CONFIG);

  /** What the help says applies where an option is not given. */
  private static final Pattern DEFAULT = Pattern.compile("Default: (.*?)\\.(?: |$)");

  private final ParseResult parsed;
  private final Settings settings;
  private final Described about;

  /**
   * The settings of a call.
   *
   * @param about tells which defaults depend on the call, and what no file may have
   */
  PrintedConfig(ParseResult parsed, Settings settings, Described about) {
    this.parsed = parsed;
    this.settings = settings;
    this.about = about;
  }

  void writeTo(PrintWriter out) {
    for (OptionSpec option : parsed.commandSpec().options()) {
      if (!SILENT.contains(option.longestName())) {
        out.println(line(option));
      }
    }
    out.flush();
  }

  private String line(OptionSpec option) {
    String name = option.longestName().replaceFirst("^-+", "");
    if (parsed.hasMatchedOption(option)) {
      return line(name, option.originalStringValues(), option.longestName());
    }
    return settings
        .given(option)
        .map(given -> line(name, given.values(), given.where()))
        .orElseGet(() -> byDefault(name, option));
  }

  private String byDefault(String name, OptionSpec option) {
    String value = option.defaultValue();
    if (value == null && option.typeInfo().isBoolean()) {
      value = "false";
    }
    if (value == null) {
      value = about.defaults().get(name);
    }
    // What applies is not always what could be written here, so the rest are comments.
    return value == null || value.isEmpty()
        ? "# %s: %s # default".formatted(name, described(option))
        : line(name, List.of(value), "default");
  }

  private static String described(OptionSpec option) {
    Matcher found = DEFAULT.matcher(String.join(" ", option.description()));
    return found.find() ? found.group(1) : "not set";
  }

  private String line(String name, List<String> values, String where) {
    if (name.equals("header")) {
      List<String> hidden = values.stream().map(PrintedConfig::withoutValue).toList();
      return "# header: %s # %s".formatted(String.join(", ", hidden), where);
    }
    List<String> written = values.stream().map(value -> quoted(name, value)).toList();
    String text = written.size() == 1 ? written.get(0) : "[" + String.join(", ", written) + "]";
    String comment = about.notInFiles().containsKey(name) ? "# " : "";
    return "%s%s: %s # %s".formatted(comment, name, text, where);
  }

  private static String withoutValue(String header) {
    return header.startsWith("@") ? header : header.replaceFirst("(?s):.*", ": (hidden)");
  }

  private static String quoted(String name, String value) {
    String path = name.equals("url") ? value.replaceFirst("(?s)[?#].*", "") : value;
    String shown = path.replaceAll("//[^/]*@", "//");
    if (PLAIN.matcher(shown).matches()) {
      return shown;
    }
    return "'" + shown.replace("'", "''").replaceAll("\\s+", " ") + "'";
  }

  /** Tells whether a call asks for its settings. */
  static boolean isAsked(ParseResult parsed) {
    return parsed.hasMatchedOption(Settings.PRINT_CONFIG);
  }
}
