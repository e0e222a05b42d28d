package io.dragonfly.internal.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What changes about a file whenever its bytes do. Immutable.
 *
 * @param inode the file's number, 0 where files have none
 * @param size its bytes
 * @param changedNanos when its bytes or attributes last changed (ctime), 0 where there is no such
 *     time
 * @param modifiedNanos when its bytes last changed (mtime)
 * @param rights mode, owner and group, empty where there are none
 */
record FileStamp(long inode, long size, long changedNanos, long modifiedNanos, String rights) {
  /** Longer than the steps in which kernels' file times go: 10 ms at most. */
  private static final Duration TIME_STEP = Duration.ofMillis(100);

  private static final String UNIX = "unix:ino,size,ctime,lastModifiedTime,mode,uid,gid";

  static FileStamp of(Path file) throws IOException {
    if (hasUnixAttributes(file)) {
      Map<String, Object> all = Files.readAttributes(file, UNIX, LinkOption.NOFOLLOW_LINKS);
      return new FileStamp(
          number(all, "ino"),
          number(all, "size"),
          nanos(all, "ctime"),
          nanos(all, "lastModifiedTime"),
          all.get("mode") + ":" + all.get("uid") + ":" + all.get("gid"));
    }
    BasicFileAttributes basic =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return new FileStamp(0, basic.size(), 0, nanos(basic.lastModifiedTime()), "");
  }

  /** Tells whether a file's names can be counted. */
  static boolean countsLinks(Path file) {
    return hasUnixAttributes(file);
  }

  /** Gives a file the mode of another; the same where files have none. */
  static void copyMode(FileStamp from, Path to) throws IOException {
    if (hasUnixAttributes(to)) {
      int mode = Integer.parseInt(from.rights.substring(0, from.rights.indexOf(':')));
      Files.setAttribute(to, "unix:mode", mode, LinkOption.NOFOLLOW_LINKS);
    }
  }

  /** Returns how many names a file has; 1 where that cannot be told. */
  static int links(Path file) throws IOException {
    return hasUnixAttributes(file) ? (Integer) Files.getAttribute(file, "unix:nlink") : 1;
  }

  /**
   * Moves a file's mtime out of the present. File times go in steps: a file that is written twice
   * within one has the same times after both. With an mtime before the step, the next write shows.
   */
  static void settle(Path file) throws IOException {
    Instant settled = Instant.now().minus(TIME_STEP);
    if (Files.getLastModifiedTime(file).toInstant().isAfter(settled)) {
      Files.setLastModifiedTime(file, FileTime.from(settled));
    }
  }

  /** Returns who owns the file, empty where nobody does. */
  String owner() {
    return rights.substring(rights.indexOf(':') + 1);
  }

  /** Tells whether the bytes are the same as far as times and size show, whatever else changed. */
  boolean hasBytesOf(FileStamp other) {
    return inode == other.inode && size == other.size && modifiedNanos == other.modifiedNanos;
  }

  private static boolean hasUnixAttributes(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("unix");
  }

  private static long number(Map<String, Object> attributes, String name) {
    Object value = attributes.get(name);
    return value instanceof Number number ? number.longValue() : 0;
  }

  private static long nanos(Map<String, Object> attributes, String name) {
    return attributes.get(name) instanceof FileTime time ? nanos(time) : 0;
  }

  private static long nanos(FileTime time) {
    return time.to(TimeUnit.NANOSECONDS);
  }
}
