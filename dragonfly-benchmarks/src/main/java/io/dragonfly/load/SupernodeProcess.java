package io.dragonfly.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A supernode of the distribution, and what the kernel says about its process. */
final class SupernodeProcess implements AutoCloseable {
  /** {@code getconf CLK_TCK}, which is 100 on all of Linux. */
  private static final double TICKS = 100;

  private static final int START_SECONDS = 30;
  private static final Pattern READY = Pattern.compile("supernode ready on .*:(\\d+)\n");

  private final Path home;
  private final Process process;
  private final int port;

  /**
   * Starts it and waits until it listens.
   *
   * @param distribution the directory that holds {@code bin/supernode}
   */
  SupernodeProcess(Path distribution) throws IOException, InterruptedException {
    home = Files.createTempDirectory("supernode-load");
    process =
        new ProcessBuilder(
                List.of(
                    distribution.resolve("bin/supernode").toString(),
                    "--home-dir=" + home,
                    "--port=0",
                    "--advertise-ip=127.0.0.1"))
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("output").toFile())
            .start();
    port = awaitPort();
  }

  InetSocketAddress address() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** It says where it listens. */
  private int awaitPort() throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (System.nanoTime() < end && process.isAlive()) {
      Matcher ready = READY.matcher(Files.readString(home.resolve("output")));
      if (ready.find()) {
        return Integer.parseInt(ready.group(1));
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    String output = Files.readString(home.resolve("output"));
    close();
    throw new IOException("the supernode has not started: " + output);
  }

  /** Returns the seconds of a processor that it has used. */
  double cpuSeconds() {
    String stat = read("stat");
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS; // user, system
  }

  /** Returns a line of {@code /proc/PID/status}, such as VmRSS or VmHWM, in MiB. */
  long mebibytes(String field) {
    return read("status")
        .lines()
        .filter(line -> line.startsWith(field + ":"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
        .findFirst()
        .orElseThrow();
  }

  /** Start scripts may put a shell before the JVM, but replace it by exec. */
  private String read(String file) {
    try {
      return Files.readString(Path.of("/proc", String.valueOf(process.pid()), file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.destroy();
    if (!process.waitFor(START_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
    try (Stream<Path> files = Files.walk(home)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
