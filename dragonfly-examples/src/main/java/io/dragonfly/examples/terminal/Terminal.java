package io.dragonfly.examples.terminal;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.File;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The terminal behind a stream of this process, and its size, which is asked for once and again
 * whenever it changes. Safe for concurrent use.
 */
public final class Terminal {
  private static final Logger log = LoggerFactory.getLogger(Terminal.class);

  /** Set by the start script, which can see what Java cannot: the streams that are terminals. */
  private static final String PROPERTY = "dragonfly.terminals";

  private static final long STTY_SECONDS = 2;

  private final File device;
  private volatile Size size;

  /**
   * How large a terminal is.
   *
   * @param rows its lines
   * @param columns the signs in a line
   */
  public record Size(int rows, int columns) {
    private static final Size UNKNOWN = new Size(24, 80);
  }

  private Terminal(File device) {
    this.device = device;
    this.size = measure(device).orElse(Size.UNKNOWN);
  }

  /**
   * Returns the terminal behind a stream.
   *
   * @param stream {@code out} or {@code err}
   * @return empty if there is none, or this process was not started by its script
   */
  public static Optional<Terminal> of(String stream) {
    if (!(" " + System.getProperty(PROPERTY, "") + " ").contains(" " + stream + " ")) {
      return Optional.empty();
    }
    Terminal terminal = new Terminal(new File("/dev/std" + stream));
    WindowChanges.follow(() -> measure(terminal.device).ifPresent(now -> terminal.size = now));
    return Optional.of(terminal);
  }

  /** Returns the size, as it is now. */
  public Size size() {
    return size;
  }

  /**
   * Asks stty, since Java knows nothing of terminals; its standard input is the one it measures.
   */
  private static Optional<Size> measure(File device) {
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(device)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!stty.waitFor(STTY_SECONDS, TimeUnit.SECONDS)) {
        stty.destroyForcibly();
        return Optional.empty();
      }
      return parse(new String(stty.getInputStream().readAllBytes(), US_ASCII));
    } catch (IOException e) {
      log.debug("Cannot measure the terminal", e);
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private static Optional<Size> parse(String answer) {
    String[] numbers = answer.trim().split(" ", -1);
    if (numbers.length != 2 || !numbers[0].matches("\\d{1,5}") || !numbers[1].matches("\\d{1,5}")) {
      return Optional.empty();
    }
    Size size = new Size(Integer.parseInt(numbers[0]), Integer.parseInt(numbers[1]));
    // A terminal that was never told its size says 0: people then see the usual one.
    return size.rows() > 0 && size.columns() > 0 ? Optional.of(size) : Optional.empty();
  }
}
