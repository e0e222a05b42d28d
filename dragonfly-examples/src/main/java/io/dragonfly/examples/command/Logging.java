package io.dragonfly.examples.command;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.filter.ThresholdFilter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.ContextInitializer;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.joran.spi.JoranException;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Where a process logs to, and from which level on: its stderr, or a file; and what a single call
 * sees of it. A line has no trace and no name of an exception unless somebody asked for all.
 */
public final class Logging {
  private static final String TIME = "HH:mm:ss.SSS";
  private static final String DATE = "yyyy-MM-dd HH:mm:ss.SSS";
  private static final String VERBOSE = " %-5level [%thread] %logger{20} %msg%n";

  /** All files of a log together stay below 100 MiB, however fast they are filled. */
  private static final long FILE_BYTES = 10 << 20;

  private static final int OLD_FILES = 4;

  /** The logger of a client's and a supernode's {@link io.dragonfly.control.SecurityEvent}s. */
  private static final String AUDIT = "io.dragonfly.audit";

  private static final Object LOCK = new Object();

  @GuardedBy("LOCK")
  private static final List<Level> FOLLOWED = new ArrayList<>();

  @GuardedBy("LOCK")
  private static @Nullable Level base;

  @GuardedBy("LOCK")
  private static boolean onStderr;

  @GuardedBy("LOCK")
  private static Optional<Path> auditFile = Optional.empty();

  private Logging() {}

  /** How lines of a log are written. */
  public enum Format {
    /** For people. */
    TEXT,
    /** One JSON object a line. */
    JSON
  }

  /** A part of the log that somebody sees, until it is closed. */
  public interface Following extends AutoCloseable {
    @Override
    void close();
  }

  /** Starts to log on this process's stderr, from a level on; all of ours when verbose. */
  public static void start(boolean verbose, Level level) {
    start(verbose, level, Format.TEXT);
  }

  /** Starts to log on this process's stderr, from a level on; all of ours when verbose. */
  public static void start(boolean verbose, Level level, Format format) {
    LoggerContext context = fresh(verbose ? Level.DEBUG : level, true);
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setTarget("System.err");
    add(context, console, encoder(context, verbose, format, TIME));
  }

  /**
   * Starts to log in a file, from INFO on; all of ours when verbose. The file and those that it was
   * before, {@code NAME.1} and so on, never take more than 100 MiB.
   */
  public static void startInFile(Path file, boolean verbose, Format format) throws IOException {
    if (Files.isSymbolicLink(file)) {
      Files.delete(file); // whoever made the link must not choose the file that is written
    }
    Level level = verbose ? Level.DEBUG : Level.INFO;
    LoggerContext context = fresh(level, false);
    RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
    appender.setContext(context);
    appender.setFile(file.toString());
    appender.addFilter(from(level));
    roll(context, appender, file);
    add(context, appender, encoder(context, verbose, format, DATE));
  }

  /** Forgets what was started: the log is as logback's own configuration says. */
  static void stop() throws JoranException {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    synchronized (LOCK) {
      base = null;
      onStderr = false;
      auditFile = Optional.empty();
    }
    context.reset();
    new ContextInitializer(context).autoConfig();
  }

  /**
   * Sets where operators' calls and refusals are written once the log is started: a file that only
   * this user can read, and that is rotated as others are; or nowhere.
   *
   * @throws IOException if the file cannot be written, or is a link
   */
  static void auditIn(Optional<Path> file) throws IOException {
    if (file.isPresent()) {
      PrivateFile.open(file.get()).close();
    }
    synchronized (LOCK) {
      auditFile = file;
    }
  }

  /** Lines of the audit log are in no other log: nobody looks there for who did what. */
  private static void audit(LoggerContext context) {
    Logger audit = context.getLogger(AUDIT);
    audit.setAdditive(false);
    Optional<Path> file;
    synchronized (LOCK) {
      file = auditFile;
    }
    audit.setLevel(file.isPresent() ? Level.INFO : Level.OFF);
    if (file.isPresent()) {
      PrivateFile appender = new PrivateFile();
      appender.setContext(context);
      appender.setFile(file.get().toString());
      roll(context, appender, file.get());
      PatternLayoutEncoder lines = new PatternLayoutEncoder();
      lines.setContext(context);
      lines.setPattern("%msg%n");
      lines.start();
      appender.setEncoder(lines);
      appender.start();
      audit.addAppender(appender);
    }
  }

  private static void roll(
      LoggerContext context, RollingFileAppender<ILoggingEvent> appender, Path file) {
    FixedWindowRollingPolicy window = new FixedWindowRollingPolicy();
    window.setContext(context);
    window.setParent(appender);
    window.setFileNamePattern(file + ".%i");
    window.setMinIndex(1);
    window.setMaxIndex(OLD_FILES);
    window.start();
    SizeBasedTriggeringPolicy<ILoggingEvent> size = new SizeBasedTriggeringPolicy<>();
    size.setContext(context);
    size.setMaxFileSize(new FileSize(FILE_BYTES));
    size.setCheckIncrement(Duration.buildByMilliseconds(0));
    size.start();
    appender.setRollingPolicy(window);
    appender.setTriggeringPolicy(size);
  }

  /**
   * Shows a call the log of this process, whoever's work it is about; there is none to tell apart
   * what is of which call. Where the process itself logs to stderr that changes instead.
   *
   * @param level what is less important stays away
   */
  public static Following follow(OutputStream err, boolean verbose, Level level, Format format) {
    synchronized (LOCK) {
      if (onStderr) {
        start(verbose, level, format);
        return () -> {};
      }
    }
    Level shown = verbose ? Level.DEBUG : level;
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();
    appender.setContext(context);
    appender.addFilter(from(shown));
    Encoder<ILoggingEvent> encoder = encoder(context, verbose, format, TIME);
    appender.setEncoder(encoder);
    appender.setOutputStream(new Unclosed(err));
    appender.start();
    root(context).addAppender(appender);
    follow(context, shown, true);
    return () -> {
      root(context).detachAppender(appender);
      appender.stop();
      follow(context, shown, false);
    };
  }

  /** Lets a process that logs to its stderr write its lines in another format. */
  static Following write(Format format) {
    synchronized (LOCK) {
      if (onStderr && base != null && format != Format.TEXT) {
        start(false, base, format);
      }
    }
    return () -> {};
  }

  private static void follow(LoggerContext context, Level level, boolean begin) {
    synchronized (LOCK) {
      if (begin) {
        FOLLOWED.add(level);
      } else {
        FOLLOWED.remove(level);
      }
      Level least = base;
      for (Level followed : FOLLOWED) {
        least = least == null || least.isGreaterOrEqual(followed) ? followed : least;
      }
      ours(context).setLevel(least);
    }
  }

  private static LoggerContext fresh(Level level, boolean stderr) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    root(context).setLevel(Level.WARN);
    synchronized (LOCK) {
      base = level;
      onStderr = stderr;
    }
    ours(context).setLevel(level);
    audit(context);
    return context;
  }

  private static Logger root(LoggerContext context) {
    return context.getLogger(Logger.ROOT_LOGGER_NAME);
  }

  private static Logger ours(LoggerContext context) {
    return context.getLogger("io.dragonfly");
  }

  private static void add(
      LoggerContext context,
      OutputStreamAppender<ILoggingEvent> appender,
      Encoder<ILoggingEvent> encoder) {
    appender.setContext(context);
    appender.setEncoder(encoder);
    appender.start();
    root(context).addAppender(appender);
  }

  private static ThresholdFilter from(Level level) {
    ThresholdFilter filter = new ThresholdFilter();
    filter.setLevel(level.toString());
    filter.start();
    return filter;
  }

  private static Encoder<ILoggingEvent> encoder(
      LoggerContext context, boolean verbose, Format format, String time) {
    if (format == Format.JSON) {
      JsonLines lines = new JsonLines(verbose);
      lines.setContext(context);
      lines.start();
      return lines;
    }
    if (!verbose) {
      TerseLines lines = new TerseLines(time);
      lines.setContext(context);
      lines.start();
      return lines;
    }
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern("%d{" + time + "}" + VERBOSE);
    encoder.start();
    return encoder;
  }

  /** Logs what ends a process that has no caller to tell. */
  public static void lastWords(Throwable failure) {
    LoggerFactory.getLogger(Logging.class).error("{}", Commands.oneLine(failure.toString()));
  }

  /** A caller's stream, which stays open; who reads it no more misses lines, and nothing else. */
  private static final class Unclosed extends FilterOutputStream {
    private boolean broken;

    Unclosed(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      if (broken) {
        return;
      }
      try {
        out.write(bytes, offset, length);
      } catch (IOException e) {
        broken = true; // its caller is gone: logging that would come back here
      }
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void flush() {
      // nothing is kept here
    }

    @Override
    public void close() {
      // the call goes on with it
    }
  }
}
