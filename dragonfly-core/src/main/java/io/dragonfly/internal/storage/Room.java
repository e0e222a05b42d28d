package io.dragonfly.internal.storage;

import io.dragonfly.error.NoSpaceException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The room on a home's disk: what is free, and what of it stays free. Safe for concurrent use. */
final class Room {
  /** What the kernels say, in lower case. Only a hint: the free bytes are asked for as well. */
  private static final Pattern FULL =
      Pattern.compile("no space left|not enough space|quota exceeded");

  private static final String MESSAGE =
      "%s needs %d bytes on the disk of %s%s, but %d are free."
          + " Free some space or choose another place.";

  private final Path home;
  private final long reserveBytes;
  private final Machine machine;

  Room(Path home, long reserveBytes, Machine machine) {
    this.home = home;
    this.reserveBytes = reserveBytes;
    this.machine = machine;
  }

  /**
   * Checks that bytes fit into the home beside the reserve.
   *
   * @param what who needs them, for the message
   * @throws NoSpaceException if they do not
   */
  void require(String what, long bytes) throws IOException {
    require(what, bytes, home, reserveBytes);
  }

  /** Checks that bytes fit into a directory that need not be the home's; without a reserve. */
  void requireElsewhere(String what, long bytes, Path directory) throws IOException {
    require(what, bytes, directory, 0);
  }

  private void require(String what, long bytes, Path directory, long reserve) throws IOException {
    long free = machine.usableBytes(directory);
    if (bytes > free - reserve) {
      throw noSpace(what, saturatedSum(bytes, reserve), directory, reserve, free, null);
    }
  }

  /** Returns what to throw when writing bytes failed: that the disk is full if it is. */
  IOException explain(String what, long bytes, IOException failure) throws IOException {
    return explain(what, bytes, home, failure);
  }

  /** The same for a directory that need not be the home's. */
  IOException explain(String what, long bytes, Path directory, IOException failure)
      throws IOException {
    String message = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
    long free = machine.usableBytes(directory);
    if (FULL.matcher(message).find() || free < bytes) {
      throw noSpace(what, bytes, directory, 0, free, failure);
    }
    return failure;
  }

  private static NoSpaceException noSpace(
      String what,
      long needed,
      Path directory,
      long reserve,
      long free,
      @Nullable IOException cause) {
    String reserved = reserve == 0 ? "" : ", the reserve of %d included".formatted(reserve);
    return new NoSpaceException(
        MESSAGE.formatted(what, needed, directory, reserved, free), needed, free, cause);
  }

  private static long saturatedSum(long a, long b) {
    return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
  }
}
