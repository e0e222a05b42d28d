package io.dragonfly.examples.command;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import org.slf4j.LoggerFactory;

/** Logs to stderr: warnings in one line each, or everything of ours with traces when verbose. */
public final class Logging {
  private static final String TERSE = "%d{HH:mm:ss.SSS} %-5level %msg%nopex%n";
  private static final String VERBOSE = "%d{HH:mm:ss.SSS} %-5level [%thread] %logger{20} %msg%n";

  private Logging() {}

  /** Starts to log in this process, from a level on; all of ours when verbose. */
  public static void start(boolean verbose, Level level) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(verbose ? VERBOSE : TERSE);
    encoder.start();
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setTarget("System.err");
    console.setEncoder(encoder);
    console.start();
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(console);
    context.getLogger("io.dragonfly").setLevel(verbose ? Level.DEBUG : level);
  }

  /** Logs what ends a process that has no caller to tell. */
  public static void lastWords(Throwable failure) {
    LoggerFactory.getLogger(Logging.class).error("{}", Commands.oneLine(failure.toString()));
  }
}
