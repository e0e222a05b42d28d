package io.dragonfly.internal.loop;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Processor time of all threads of a process.
 *
 * @param ranNanos how long they ran
 * @param waitedNanos how long they were ready to run and waited for a processor
 */
record ProcessorTime(long ranNanos, long waitedNanos) {
  private static final ProcessorTime UNKNOWN = new ProcessorTime(0, 0);
  private static final Path THREADS = Path.of("/proc/self/task");

  /** Longer than the two numbers and the count that a file has. */
  private static final int MOST_BYTES = 80;

  /** Returns that of the threads that run now. Only Linux tells it: elsewhere it is always zero. */
  static ProcessorTime now() {
    long ran = 0;
    long waited = 0;
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(THREADS)) {
      for (Path thread : threads) {
        try (FileInputStream in = new FileInputStream(thread + "/schedstat")) {
          String[] numbers = new String(in.readNBytes(MOST_BYTES), ISO_8859_1).split(" ", 3);
          ran += Long.parseLong(numbers[0]);
          waited += Long.parseLong(numbers[1]);
        } catch (IOException e) {
          // The thread has just ended.
        }
      }
    } catch (IOException | RuntimeException e) {
      return UNKNOWN;
    }
    return new ProcessorTime(ran, waited);
  }

  /** Tells whether the system told it. */
  boolean isKnown() {
    return ranNanos > 0;
  }

  /** Returns what has been added since an earlier time; threads that ended since are left out. */
  ProcessorTime since(ProcessorTime before) {
    return new ProcessorTime(
        Math.max(0, ranNanos - before.ranNanos), Math.max(0, waitedNanos - before.waitedNanos));
  }
}
