package io.dragonfly.examples.command;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that say what is logged, and how. */
public final class LogOptions {
  @Option(
      names = "--verbose",
      arity = "0..1",
      fallbackValue = "true",
      paramLabel = "true|false",
      description = "Log every step, and show traces of what went wrong.")
  private boolean verbose;

  @Option(
      names = "--log-format",
      defaultValue = "text",
      converter = FormatConverter.class,
      paramLabel = "FORMAT",
      description = "text, or json: one object a line. Default: ${DEFAULT-VALUE}.")
  private Logging.Format format = Logging.Format.TEXT;

  /** Starts to log on this process's stderr. */
  public void start() {
    Logging.start(verbose, Level.INFO, format);
  }

  /** Starts to log in a file that is rotated. */
  public void startInFile(Path file) throws IOException {
    Logging.startInFile(file, verbose, format);
  }

  /**
   * Shows a call the log until the end of it.
   *
   * @param wanted whether the caller wants more than warnings
   */
  public Logging.Following follow(Call call, boolean wanted) {
    return wanted || verbose
        ? Logging.follow(call.err(), verbose, Level.INFO, format)
        : Logging.write(format);
  }

  /** Tells whether all is to be logged. */
  public boolean isVerbose() {
    return verbose;
  }

  /** Reads a format for picocli. */
  static final class FormatConverter implements ITypeConverter<Logging.Format> {
    @Override
    public Logging.Format convert(String text) {
      return switch (text) {
        case "text" -> Logging.Format.TEXT;
        case "json" -> Logging.Format.JSON;
        default -> throw new TypeConversionException("'%s' is not text or json".formatted(text));
      };
    }
  }
}
