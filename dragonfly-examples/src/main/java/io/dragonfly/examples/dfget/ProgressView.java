package io.dragonfly.examples.dfget;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.terminal.Glyphs;
import io.dragonfly.examples.terminal.RecentRate;
import io.dragonfly.examples.terminal.Redrawn;
import io.dragonfly.fetch.FetchProgress;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows somebody how far a fetch is: on a terminal as a line redrawn in place, elsewhere as a line
 * now and then. Not safe for concurrent use.
 */
final class ProgressView {
  private static final Logger log = LoggerFactory.getLogger(ProgressView.class);

  /** How often it is worth a look. */
  static final Duration LOOK = Duration.ofMillis(100);

  /** A fetch that is over by then shows its end alone. */
  private static final Duration FIRST_DRAWING = Duration.ofMillis(300);

  private static final Duration LEAST_PAUSE = Duration.ofSeconds(5);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  private final Call call;
  private final LongSupplier nanoClock;
  private final Glyphs glyphs;
  private final Redrawn line;
  private final RecentRate rate = new RecentRate();
  private final long startNanos;
  private long nextLineNanos;
  private long lastBytes;
  private boolean drawn;
  private boolean broken;

  ProgressView(Call call, LongSupplier nanoClock) {
    this.call = call;
    this.nanoClock = nanoClock;
    this.glyphs = Glyphs.of(call.environment());
    this.line = new Redrawn(call.err());
    this.startNanos = nanoClock.getAsLong();
    this.nextLineNanos = startNanos + LEAST_PAUSE.toNanos();
  }

  /** Shows a moment of the fetch, if it is time to. */
  void show(FetchProgress progress) {
    long now = nanoClock.getAsLong();
    rate.add(now, progress.bytes() - progress.bytesFromStore());
    OptionalInt columns = call.columns();
    if (columns.isEmpty()) {
      showLine(progress, now);
    } else if (now - startNanos >= FIRST_DRAWING.toNanos()) {
      drawn = true;
      write(() -> line.draw(List.of(render(progress, columns.getAsInt()))));
    }
  }

  private String render(FetchProgress progress, int columns) {
    return new ProgressLine(glyphs, progress, rate.bytesPerSecond()).render(columns);
  }

  private void showLine(FetchProgress progress, long now) {
    if (now < nextLineNanos || progress.bytes() == lastBytes) {
      return;
    }
    lastBytes = progress.bytes();
    // A log of a long fetch is not to be a long log.
    long pause = Math.max(LEAST_PAUSE.toNanos(), (now - startNanos) / 10);
    nextLineNanos = now + Math.min(LONGEST_PAUSE.toNanos(), pause);
    String all =
        progress.length().isPresent() ? " of " + Units.size(progress.length().getAsLong()) : "";
    String text =
        "dfget: %s%s, %s%n"
            .formatted(
                Units.size(progress.bytes()),
                all,
                Units.rate((long) rate.bytesPerSecond(), Duration.ofSeconds(1)));
    write(() -> call.err().write(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
  }

  /** Leaves the last line where it is: the fetch has ended well. */
  void finish(FetchProgress progress) {
    OptionalInt columns = call.columns();
    if (drawn && columns.isPresent()) {
      write(() -> line.finish(List.of(render(progress, columns.getAsInt()))));
    }
  }

  /** Takes the line away: what comes next says what happened. */
  void erase() {
    write(line::erase);
  }

  private interface Writing {
    void run() throws IOException;
  }

  /** A caller that does not see its progress gets its file all the same. */
  private void write(Writing writing) {
    if (broken) {
      return;
    }
    try {
      writing.run();
    } catch (IOException e) {
      broken = true;
      log.debug("Nobody reads the progress any more", e);
    }
  }
}
