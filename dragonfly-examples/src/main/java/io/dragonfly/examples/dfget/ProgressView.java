package io.dragonfly.examples.dfget;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.dragonfly.control.Queued;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.terminal.Glyphs;
import io.dragonfly.examples.terminal.RecentRate;
import io.dragonfly.examples.terminal.Redrawn;
import io.dragonfly.fetch.FetchProgress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
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
  private long shownBytes;
  private long lastByteNanos;
  private boolean drawn;
  private boolean waits;
  private boolean broken;

  ProgressView(Call call, LongSupplier nanoClock) {
    this.call = call;
    this.nanoClock = nanoClock;
    this.glyphs = Glyphs.of(call.environment());
    this.line = new Redrawn(call.err());
    this.startNanos = nanoClock.getAsLong();
    this.lastByteNanos = startNanos;
    this.nextLineNanos = startNanos + LEAST_PAUSE.toNanos();
  }

  /**
   * Shows a moment of the fetch, if it is time to.
   *
   * @param trouble why the source is asked again, while nothing comes
   */
  void show(FetchProgress progress, Optional<String> trouble) {
    long now = nanoClock.getAsLong();
    rate.add(now, progress.bytes() - progress.bytesFromStore());
    if (progress.bytes() != lastBytes) {
      lastBytes = progress.bytes();
      lastByteNanos = now;
    }
    OptionalInt columns = call.columns();
    if (columns.isEmpty()) {
      Optional<String> wait = trouble.map(ProgressView::text).or(() -> queued(progress));
      if (wait.isPresent()) {
        showWait(wait.get(), now);
      } else {
        waits = false;
        showLine(progress, now);
      }
    } else if (now - startNanos >= FIRST_DRAWING.toNanos()) {
      drawn = true;
      List<String> lines = new ArrayList<>();
      lines.add(render(progress, columns.getAsInt()));
      trouble
          .map(ProgressView::text)
          .or(() -> queued(progress))
          .or(() -> silence(progress, now))
          .ifPresent(text -> lines.add(cut(text, columns.getAsInt() - 1)));
      write(() -> line.draw(lines));
    }
  }

  private static String text(String reason) {
    return "the source failed and is asked again: " + Commands.oneLine(reason);
  }

  private static Optional<String> queued(FetchProgress progress) {
    return progress.queued().map(Queued::toString);
  }

  /** Whoever waits is to know that the fetch does, too. */
  private Optional<String> silence(FetchProgress progress, long now) {
    long nanos = now - lastByteNanos;
    boolean isThere = progress.length().equals(OptionalLong.of(progress.bytes()));
    return isThere || nanos < LEAST_PAUSE.toNanos()
        ? Optional.empty()
        : Optional.of("nothing has come for %d s".formatted(Duration.ofNanos(nanos).toSeconds()));
  }

  private static String cut(String text, int columns) {
    return text.length() <= columns
        ? text
        : columns < 3 ? "" : text.substring(0, columns - 3) + "...";
  }

  /** At once for the first time, and as seldom as the other lines then. */
  private void showWait(String text, long now) {
    if (waits && now < nextLineNanos) {
      return;
    }
    waits = true;
    pause(now);
    say(text);
  }

  private String render(FetchProgress progress, int columns) {
    return new ProgressLine(glyphs, progress, rate.bytesPerSecond()).render(columns);
  }

  private void showLine(FetchProgress progress, long now) {
    if (now < nextLineNanos) {
      return;
    }
    if (progress.bytes() == shownBytes) {
      silence(progress, now)
          .ifPresent(
              text -> {
                pause(now);
                say(text);
              });
      return;
    }
    shownBytes = progress.bytes();
    pause(now);
    String all =
        progress.length().isPresent() ? " of " + Units.size(progress.length().getAsLong()) : "";
    say(
        "%s%s, %s"
            .formatted(
                Units.size(progress.bytes()),
                all,
                Units.rate((long) rate.bytesPerSecond(), Duration.ofSeconds(1))));
  }

  /** A log of a long fetch is not to be a long log. */
  private void pause(long now) {
    long pause = Math.max(LEAST_PAUSE.toNanos(), (now - startNanos) / 10);
    nextLineNanos = now + Math.min(LONGEST_PAUSE.toNanos(), pause);
  }

  private void say(String text) {
    write(() -> call.err().write("dfget: %s%n".formatted(text).getBytes(UTF_8)));
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
