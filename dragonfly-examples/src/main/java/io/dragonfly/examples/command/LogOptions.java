package io.dragonfly.examples.command;

import ch.qos.logback.classic.Level;
import io.dragonfly.error.StorageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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

  @Option(
      names = "--audit-log",
      paramLabel = "FILE",
      description =
          "File for operators' calls and refusals, one JSON object a line. Default: none, they are"
              + " only counted.")
  private @Nullable Path auditLog;

  /**
   * Starts to log on this process's stderr.
   *
   * @throws StorageException if the audit log cannot be opened
   */
  public void start() {
    audit(Path.of(""));
    Logging.start(verbose, Level.INFO, format);
  }

  private void audit(Path directory) {
    try {
      Logging.auditIn(Optional.ofNullable(auditLog).map(directory::resolve));
    } catch (IOException e) {
      throw new StorageException(
          "The audit log %s cannot be written: %s. Choose another --audit-log."
              .formatted(auditLog, WhyNot.of(e)),
          e);
    }
  }

  /**
   * Starts to log in a file that is rotated.
   *
   * @param directory where relative paths of options begin
   * @throws StorageException if the audit log cannot be opened
   */
  public void startInFile(Path file, Path directory) throws IOException {
    audit(directory);
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
