package io.dragonfly.internal.rate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.internal.loop.Timers;
import io.dragonfly.rate.Rate;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes that share one limit, each of which takes all it can get. The test counts what they
 * took between two moments, so it does not matter when a busy machine starts or asks them.
 */
@EnabledOnOs(OS.LINUX)
class HostProcessesTest {
  private static final long RATE = 40 << 20;
  private static final Duration WINDOW = Duration.ofSeconds(4);
  private static final Percentage CLOSE = Percentage.withPercentage(5);

  private final List<Taker> children = new ArrayList<>();

  @TempDir Path directory;

  @AfterEach
  void end() throws Exception {
    for (Taker child : children) {
      child.process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void oneProcessGetsTheRate() throws Exception {
    start(2);
    assertThatTheyGetTheRate();
  }

  @Test
  void fourProcessesTogetherGetTheRateAndOneThatIsKilledTakesNothingAlong() throws Exception {
    for (int i = 0; i < 4; i++) {
      start(2);
    }
    assertThatTheyGetTheRate();

    Taker killed = children.remove(2);
    killed.process.destroyForcibly(); // SIGKILL
    assertThat(killed.process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThatTheyGetTheRate();
  }

  @Test
  @Tag("slow") // 32 JVMs
  void eachOf32ProcessesGetsItsShare() throws Exception {
    Random random = new Random(1);
    for (int i = 0; i < 32; i++) {
      start(1 + random.nextInt(8));
    }
    Duration window = Duration.ofSeconds(10);
    long share = bytes(window) / children.size();
    taken(WINDOW); // while the compiler is busy
    List<Long> taken = taken(window);
    for (int tries = 1; tries < 3 && Collections.min(taken) < 0.7 * share; tries++) {
      taken = taken(window);
    }
    System.out.printf(
        "percent of a share: %s%n", taken.stream().map(t -> 100 * t / share).toList());
    assertThat(sum(taken)).isCloseTo(bytes(window), CLOSE);
    assertThat(taken)
        .allSatisfy(each -> assertThat(each).isCloseTo(share, Percentage.withPercentage(30)));
  }

  /**
   * On a machine that has no time for them the processes get less, which says nothing about the
   * limit. Then the test counts again. They must never get more.
   */
  private void assertThatTheyGetTheRate() throws IOException {
    long taken = 0;
    for (int tries = 0; tries < 10 && taken < 0.95 * bytes(WINDOW); tries++) {
      taken = sum(taken(WINDOW));
      assertThat(taken).isLessThanOrEqualTo((long) (1.08 * bytes(WINDOW)));
    }
    assertThat(taken).isGreaterThanOrEqualTo((long) (0.95 * bytes(WINDOW)));
  }

  private static long sum(List<Long> taken) {
    return taken.stream().mapToLong(Long::longValue).sum();
  }

  private static long bytes(Duration time) {
    return RATE * time.toMillis() / 1000;
  }

  private void start(int threads) throws IOException {
    Taker child = new Taker(directory, threads);
    children.add(child);
    assertThat(child.out.readLine()).isEqualTo("taking");
  }

  private List<Long> taken(Duration window) throws IOException {
    long from = System.nanoTime() + Duration.ofMillis(300).toNanos();
    for (Taker child : children) {
      child.in.write("%d %d%n".formatted(from, from + window.toNanos()));
      child.in.flush();
    }
    List<Long> taken = new ArrayList<>();
    for (Taker child : children) {
      taken.add(Long.valueOf(child.out.readLine()));
    }
    return taken;
  }

  private static final class Taker {
    private final Process process;
    private final BufferedReader out;
    private final Writer in;

    Taker(Path directory, int threads) throws IOException {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx64m",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  ChildMain.class.getName(),
                  directory.toString(),
                  Integer.toString(threads))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      out = process.inputReader(StandardCharsets.US_ASCII);
      in = process.outputWriter(StandardCharsets.US_ASCII);
    }
  }

  /** Takes all it can get until its input ends, and says how much it took between two moments. */
  static final class ChildMain {
    private static final int CHUNK = 64 << 10;

    private volatile long from = Long.MAX_VALUE;
    private volatile long until = Long.MAX_VALUE;
    private final LongAdder taken = new LongAdder();

    public static void main(String[] args) throws IOException {
      LimitFile file = LimitFile.of(Optional.of(Path.of(args[0])));
      try (Timers timers = Timers.system("timer");
          HostLimit limit =
              new HostLimit(
                  true,
                  Optional.of(Rate.ofBytes(RATE)),
                  file,
                  timers.executor(),
                  System::nanoTime)) {
        new ChildMain().run(limit.down(), Integer.parseInt(args[1]));
      }
    }

    private void run(HostFlow flow, int threads) throws IOException {
      for (int i = 0; i < threads; i++) {
        Thread thread = new Thread(() -> take(flow));
        thread.setDaemon(true);
        thread.start();
      }
      System.out.println("taking");
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] moments = line.split(" ", 2);
        taken.reset();
        from = Long.parseLong(moments[0]);
        until = Long.parseLong(moments[1]);
        while (System.nanoTime() < until) {
          LockSupport.parkNanos(until - System.nanoTime());
        }
        System.out.println(taken.sum());
      }
    }

    private void take(HostFlow flow) {
      while (true) {
        long pause = flow.take(CHUNK);
        long now = System.nanoTime();
        if (now >= from && now < until) {
          taken.add(CHUNK);
        }
        for (long end = now + pause; now < end; now = System.nanoTime()) {
          LockSupport.parkNanos(end - now);
        }
      }
    }
  }
}
