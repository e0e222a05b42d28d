package io.dragonfly.examples.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * How all commands read their settings and treat their failures: flags before environment before
 * configuration file, and one line on stderr, a JSON object where {@code --json} asks for it, and
 * an exit code.
 */
public final class Commands {
  private static final String JSON = "--json";

  /** Takes each run of it once: what a source says may be long. */
  private static final Pattern SPACE = Pattern.compile("[\\s\\x{85}\\x{2028}\\x{2029}]++");

  private static final Pattern LINE_END = Pattern.compile("\\R");

  private final CommandLine line;
  private final Described about;
  private final Call call;
  private Settings settings = Settings.none();

  private Commands(Object command, Call call) {
    this.line = new CommandLine(command);
    this.about = command instanceof Described described ? described : new Described() {};
    this.call = call;
    if (about.hasSettings()) {
      line.addMixin("settings", new ConfigOptions(Settings.defaultFile(line.getCommandSpec())));
    }
    about.subcommands().forEach(line::addSubcommand);
    line.getSubcommands().values().forEach(Commands::giveVersion);
    line.setExpandAtFiles(false); // a word that begins with @ is no file of this process
    line.setOut(writer(call.out()));
    line.setErr(writer(call.err()));
    line.setParameterExceptionHandler((failure, rejected) -> usage(failure));
    line.setExecutionExceptionHandler((failure, failed, parsed) -> fail(failure, parsed));
    line.setExecutionStrategy(this::execute);
  }

  /** A subcommand has the version of its command. */
  private static void giveVersion(CommandLine subcommand) {
    subcommand.getCommandSpec().versionProvider(new Version());
    subcommand.getSubcommands().values().forEach(Commands::giveVersion);
  }

  /** Runs a command for the user of this process; returns its exit code. */
  public static int run(Object command, String[] args) {
    return run(command, new OwnCall(args));
  }

  /** Runs a command for a call; returns its exit code. */
  public static int run(Object command, Call call) {
    return new Commands(command, call).run();
  }

  /** Returns the names of all settings of a command. */
  public static Set<String> settings(Object command) {
    return Settings.names(new CommandLine(command).getCommandSpec());
  }

  private int run() {
    try {
      if (!isHelpAsked()) {
        settings = Settings.of(line.getCommandSpec(), about, call);
        // Not for subcommands: what changes something must be said in the call itself.
        line.getCommandSpec().defaultValueProvider(settings);
      }
      settings.warnings().forEach(warning -> say(line, warning));
      return line.execute(OldNames.replaceIn(call.arguments()).toArray(String[]::new));
    } catch (SettingsException e) {
      return usage(line, String.valueOf(e.getMessage()));
    }
  }

  /** A configuration file that cannot be used must not keep anybody from the help. */
  private boolean isHelpAsked() {
    List<String> helping = new ArrayList<>(call.arguments());
    helping.retainAll(List.of("--help", "-h", "--version", "-V"));
    return !helping.isEmpty();
  }

  private int execute(ParseResult parsed) {
    if (PrintedConfig.isAsked(parsed) && !isHelpAsked()) {
      new PrintedConfig(parsed, settings, about).writeTo(line.getOut());
      return ExitCode.OK;
    }
    return new RunLast().execute(parsed);
  }

  private int usage(ParameterException failure) {
    CommandLine of = failure.getCommandLine();
    if (failure.getCause() instanceof SettingsException wrong) {
      return usage(of, String.valueOf(wrong.getMessage()));
    }
    String message = String.valueOf(failure.getMessage());
    if (failure instanceof UnmatchedArgumentException unmatched) {
      message = unknown(of.getCommandSpec(), unmatched.getUnmatched().get(0));
    }
    String value = failure.getValue();
    String where =
        settings
            .given(failure.getArgSpec())
            .filter(given -> value != null && given.values().toString().contains(value))
            .map(given -> given.where(value) + ": ")
            .orElse("");
    return usage(of, where + message);
  }

  private String unknown(CommandSpec of, String argument) {
    String name = argument.replaceFirst("(?s)=.*", "");
    String instead = about.replaced().get(name);
    if (instead != null) {
      return "'%s' is of Dragonfly 1: %s".formatted(name, instead);
    }
    String right = about.misplaced().get(name);
    if (right != null) {
      return "'%s' is not expected here, write '%s'".formatted(name, right);
    }
    if (name.contains("://") && of.findOption("--url") != null) {
      return "'%s' is not expected here, write '--url' before it".formatted(name);
    }
    List<String> names = new ArrayList<>();
    if (!name.startsWith("-")) {
      names.addAll(of.subcommands().keySet());
      names.addAll(about.misplaced().keySet());
      return "'%s' is not expected here%s".formatted(name, Nearest.suggestion(name, names));
    }
    of.options().stream().map(OptionSpec::longestName).forEach(names::add);
    return "there is no option '%s'%s".formatted(name, Nearest.suggestion(name, names));
  }

  private int usage(CommandLine of, String message) {
    Failure failure = Failure.usage(message);
    say(of, failure.message());
    of.getErr().printf("Try '%s --help'.%n", of.getCommandSpec().qualifiedName());
    of.getErr().flush();
    writeJson(failure);
    return failure.exitCode();
  }

  private int fail(Exception thrown, ParseResult parsed) {
    Failure failure = Failure.of(thrown);
    say(line, failure.message());
    if (isSet(parsed, "--verbose")) {
      thrown.printStackTrace(line.getErr());
      line.getErr().flush();
    }
    writeJson(failure);
    return failure.exitCode();
  }

  private static void say(CommandLine of, String message) {
    PrintWriter err = of.getErr();
    err.printf("%s: %s%n", of.getCommandSpec().root().name(), message);
    err.flush();
  }

  /** The arguments are looked at as they are: they may be the reason of the failure. */
  private void writeJson(Failure failure) {
    boolean asked =
        call.arguments().contains(JSON)
            || call.arguments().contains(JSON + "=true")
            || settings.isSet("json");
    if (asked && !call.arguments().contains(JSON + "=false")) {
      PrintWriter out = about.isStdoutTaken() ? line.getErr() : line.getOut();
      out.println(failure.toJson(about.context()));
      out.flush();
    }
  }

  private static boolean isSet(ParseResult parsed, String name) {
    for (CommandLine one : parsed.asCommandLineList()) {
      OptionSpec option = one.getCommandSpec().findOption(name);
      if (option != null && Boolean.TRUE.equals(option.getValue())) {
        return true;
      }
    }
    return false;
  }

  private static PrintWriter writer(OutputStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, UTF_8), false);
  }

  /** Returns a text without its line ends, each with the white space around it a blank instead. */
  public static String oneLine(String text) {
    return SPACE
        .matcher(text)
        .replaceAll(space -> LINE_END.matcher(space.group()).find() ? " " : space.group());
  }

  /** Runs something when the process is told to end, in a thread of its own. */
  public static void onShutdown(String threadName, Runnable action) {
    Runtime.getRuntime().addShutdownHook(new Thread(action, threadName));
  }
}
