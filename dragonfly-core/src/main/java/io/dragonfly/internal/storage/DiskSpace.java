package io.dragonfly.internal.storage;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.NoSpaceException.Resource;
import io.dragonfly.error.StorageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The space on a home's disk: what is free, what stays free, and what a failed write lacked. Safe
 * for concurrent use.
 */
public final class DiskSpace {
  /** What the kernels say, in lower case. Only a hint: the free bytes are asked for as well. */
  private static final Pattern FULL = Pattern.compile("no space left|not enough space");

  /** With more than this free, what is missing is not bytes: other processes free and use some. */
  private static final long SLACK_BYTES = 1 << 20;

  private static final String MESSAGE =
      "%s needs %d bytes on the disk of %s%s, but %d are free."
          + " Free some space or choose another place.";
  private static final String QUOTA =
      "%s does not fit into this user's disk quota on the file system of %s."
          + " Delete files of this user, raise the quota, or choose another place.";
  private static final String INODES =
      "%s needs new files, but the file system of %s has no room for more although %d bytes are"
          + " free: its inodes are used up (see df -i). Delete files or choose another place.";
  private static final String FILE_SIZE =
      "%s needs a file in %s that is larger than the file system or this process's limit allows."
          + " Raise the limit (see ulimit -f) or choose another place.";
  private static final String READ_ONLY =
      "%s cannot be written: the file system of %s is read-only."
          + " Check the disk (see dmesg) and mount it read-write, or choose another place.";

  /** Without a setting this part of the disk stays free, a twentieth, but no more than that. */
  private static final long RESERVED_PART = 20;

  private static final long MOST_RESERVED = 256L << 20;

  private final Path home;
  private final long reserveBytes;
  private final Machine machine;

  DiskSpace(Path home, long reserveBytes, Machine machine) {
    this.home = home;
    this.reserveBytes = reserveBytes;
    this.machine = machine;
  }

  /**
   * Returns how many bytes stay free on the file system of a directory: those that are set, else a
   * part of it.
   */
  public static long reserveBytes(OptionalLong set, Path directory) {
    long all = directory.toFile().getTotalSpace();
    long most = all <= 0 ? MOST_RESERVED : all / RESERVED_PART; // 0: not known
    return set.orElse(Math.min(MOST_RESERVED, most));
  }

  /**
   * Checks that bytes fit into the home beside the reserve.
   *
   * @param what the file that needs the bytes, for the message
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

  /**
   * Returns the failure of a write, unless it is one that an operator can do something about.
   *
   * @param bytes how many were written
   * @throws NoSpaceException if the disk is full, in whatever sense
   * @throws StorageException if the disk has become read-only
   */
  IOException explain(String what, long bytes, IOException failure) throws IOException {
    if (reason(failure).contains("read-only file system")) {
      throw new StorageException(READ_ONLY.formatted(what, home), failure);
    }
    return explain(what, bytes, home, failure);
  }

  /** The same for a directory that need not be the home's, and whatever else is wrong with it. */
  IOException explain(String what, long bytes, Path directory, IOException failure)
      throws IOException {
    long free = machine.usableBytes(directory);
    Optional<Resource> lacking = lacking(reason(failure), bytes, free);
    if (lacking.isEmpty()) {
      return failure;
    }
    String message =
        switch (lacking.get()) {
          case DISK -> throw noSpace(what, bytes, directory, 0, free, failure);
          case QUOTA -> QUOTA.formatted(what, directory);
          case INODES -> INODES.formatted(what, directory, free);
          case FILE_SIZE -> FILE_SIZE.formatted(what, directory);
        };
    throw new NoSpaceException(lacking.get(), message, bytes, 0, failure);
  }

  private static String reason(IOException failure) {
    return Reasons.of(failure).toLowerCase(Locale.ROOT);
  }

  private static Optional<Resource> lacking(String reason, long needed, long free) {
    if (reason.contains("quota exceeded")) {
      return Optional.of(Resource.QUOTA);
    }
    if (reason.contains("file too large")) {
      return Optional.of(Resource.FILE_SIZE);
    }
    boolean full = FULL.matcher(reason).find();
    if (full && free - SLACK_BYTES > needed) {
      return Optional.of(Resource.INODES);
    }
    return full || free < needed ? Optional.of(Resource.DISK) : Optional.empty();
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
