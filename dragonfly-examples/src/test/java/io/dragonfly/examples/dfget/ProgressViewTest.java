package io.dragonfly.examples.dfget;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Queued;
import io.dragonfly.examples.command.Call;
import io.dragonfly.fetch.FetchProgress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ProgressViewTest {
  private static final long MIB = 1 << 20;

  private final FakeCall call = new FakeCall();
  private long nanos;
  private final ProgressView view = new ProgressView(call, () -> nanos);

  @Test
  void drawsNothingForAFetchThatIsSoonOver() {
    call.columns = OptionalInt.of(80);

    showAfter(Duration.ofMillis(100), 1 * MIB);
    showAfter(Duration.ofMillis(100), 2 * MIB);
    view.finish(progress(4 * MIB));

    assertThat(call.written()).isEmpty();
  }

  @Test
  void redrawsOneLineAndLeavesTheLastOne() {
    call.columns = OptionalInt.of(40);

    showAfter(Duration.ofMillis(300), 1 * MIB);
    showAfter(Duration.ofMillis(100), 2 * MIB);
    view.finish(progress(4 * MIB));

    assertThat(call.written())
        .startsWith("\r\u001b[?7l[#")
        .containsOnlyOnce("\n")
        .endsWith("\u001b[J\u001b[?7h\r\n");
    assertThat(call.written()).contains(" 50%").contains("100%");
  }

  @Test
  void takesTheLineAwayBeforeAFailureIsReported() {
    call.columns = OptionalInt.of(40);

    showAfter(Duration.ofMillis(300), 1 * MIB);
    view.erase();

    assertThat(call.written()).endsWith("\r\u001b[J").doesNotContain("\n");
  }

  @Test
  void followsTheTerminalAsItChangesItsWidth() {
    call.columns = OptionalInt.of(200);
    showAfter(Duration.ofSeconds(1), 1 * MIB);
    call.columns = OptionalInt.of(20);
    int before = call.written().length();
    showAfter(Duration.ofSeconds(1), 2 * MIB);

    assertThat(call.written().substring(before)).contains(" 50%").hasSizeLessThan(38);
  }

  @Test
  void writesALineNowAndThenWhereThereIsNoTerminal() {
    for (int i = 0; i < 600; i++) {
      showAfter(Duration.ofMillis(100), i * MIB / 256);
    }

    List<String> lines = call.written().lines().toList();
    assertThat(lines).hasSizeBetween(8, 12).allMatch(line -> line.startsWith("dfget: "));
    assertThat(lines.get(0)).isEqualTo("dfget: 196.0 KiB of 4.0 MiB, 40.0 KiB/s");
  }

  @Test
  void saysForHowLongNothingHasCome() {
    for (int i = 0; i < 150; i++) {
      showAfter(Duration.ofMillis(100), 0);
    }
    assertThat(call.written().lines())
        .containsExactly(
            "dfget: nothing has come for 5 s",
            "dfget: nothing has come for 10 s",
            "dfget: nothing has come for 15 s");
  }

  @Test
  void aFetchThatComesSlowlyIsNotSilent() {
    for (int i = 0; i < 600; i++) {
      showAfter(Duration.ofMillis(100), 1 + i / 49); // something each 4.9 s
    }
    assertThat(call.written()).doesNotContain("nothing");
  }

  @Test
  void whatIsAllThereIsNotSilent() {
    showAfter(Duration.ofSeconds(1), 4 * MIB);
    for (int i = 0; i < 100; i++) {
      showAfter(Duration.ofSeconds(1), 4 * MIB);
    }
    assertThat(call.written()).doesNotContain("nothing");
  }

  @Test
  void saysBelowTheBarForHowLongNothingHasCome() {
    call.columns = OptionalInt.of(60);
    showAfter(Duration.ofSeconds(1), MIB);
    showAfter(Duration.ofSeconds(4), MIB);
    assertThat(call.written()).doesNotContain("nothing");
    showAfter(Duration.ofSeconds(3), MIB);
    assertThat(call.written()).contains("nothing has come for 7 s");

    int before = call.written().length();
    showAfter(Duration.ofSeconds(1), 2 * MIB);
    assertThat(call.written().substring(before)).contains(" 50%").doesNotContain("nothing");
  }

  @Test
  void saysWhyNothingComesAndNotTooOften() {
    for (int i = 0; i < 300; i++) {
      nanos += Duration.ofMillis(100).toNanos();
      view.show(progress(MIB), Optional.of("it answers\n503"));
    }

    String line = "dfget: the source failed and is asked again: it answers 503";
    assertThat(call.written().lines()).hasSizeBetween(5, 7).containsOnly(line);
    assertThat(call.written()).startsWith(line);
  }

  @Test
  void showsWhyNothingComesBelowTheBarUntilSomethingDoes() {
    call.columns = OptionalInt.of(60);
    nanos += Duration.ofSeconds(1).toNanos();
    view.show(progress(MIB), Optional.of("it answers 503 Service Unavailable"));

    assertThat(call.written())
        .contains("the source failed and is asked again: it answers 503 Ser...");

    int before = call.written().length();
    showAfter(Duration.ofSeconds(1), 2 * MIB);
    assertThat(call.written().substring(before)).contains(" 50%").doesNotContain("failed");
  }

  private FetchProgress queued() {
    return progress(MIB)
        .with(
            Optional.of(new Queued(Queued.Reason.SOURCE, 7, 12)),
            Duration.ofSeconds(3),
            Duration.ofSeconds(2));
  }

  @Test
  void saysWhatAFetchWaitsForAndNotTooOften() {
    for (int i = 0; i < 300; i++) {
      nanos += Duration.ofMillis(100).toNanos();
      view.show(queued(), Optional.empty());
    }

    String line = "dfget: queued: 7th of 12 downloads from this source";
    assertThat(call.written().lines()).hasSizeBetween(5, 7).containsOnly(line);
  }

  @Test
  void showsBelowTheBarWhatAFetchWaitsFor() {
    call.columns = OptionalInt.of(60);
    nanos += Duration.ofSeconds(9).toNanos();
    view.show(queued(), Optional.empty());

    assertThat(call.written())
        .contains("queued: 7th of 12 downloads from this source")
        .doesNotContain("nothing has come");
  }

  @Test
  void goesOnWhenNobodyReadsItAnyMore() {
    call.columns = OptionalInt.of(80);
    call.gone = true;

    showAfter(Duration.ofSeconds(1), 1 * MIB);
    showAfter(Duration.ofSeconds(1), 2 * MIB);

    assertThat(call.written()).isEmpty();
  }

  private void showAfter(Duration time, long bytes) {
    nanos += time.toNanos();
    view.show(progress(bytes), Optional.empty());
  }

  private static FetchProgress progress(long bytes) {
    return new FetchProgress(OptionalLong.of(4 * MIB), bytes, 0, 0, 0);
  }

  /** A call from somewhere with a terminal, or without one. */
  private static final class FakeCall implements Call {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private OptionalInt columns = OptionalInt.empty();
    private boolean gone;

    String written() {
      return err.toString(UTF_8);
    }

    @Override
    public List<String> arguments() {
      return List.of();
    }

    @Override
    public Path directory() {
      return Path.of("").toAbsolutePath();
    }

    @Override
    public Map<String, String> environment() {
      return Map.of("LANG", "C");
    }

    @Override
    public OptionalInt umask() {
      return OptionalInt.empty();
    }

    @Override
    public OutputStream out() {
      return OutputStream.nullOutputStream();
    }

    @Override
    public OutputStream err() {
      return new OutputStream() {
        @Override
        public void write(int b) throws IOException {
          if (gone) {
            throw new IOException("the caller is gone");
          }
          err.write(b);
        }
      };
    }

    @Override
    public OptionalInt columns() {
      return columns;
    }

    @Override
    public InputStream open(String file) throws IOException {
      return Files.newInputStream(Path.of(file));
    }

    @Override
    public void onGone(Runnable action) {}
  }
}
