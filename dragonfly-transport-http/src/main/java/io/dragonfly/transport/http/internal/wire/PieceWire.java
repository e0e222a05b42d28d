package io.dragonfly.transport.http.internal.wire;

import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How pieces are asked for and given: the path, Range and Content-Range. */
public final class PieceWire {
  private static final String BEFORE = "/api/v2/tasks/";
  private static final String AFTER = "/data";

  // 18 digits fit a long.
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d{1,18})-(\\d{1,18})");
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)");

  private PieceWire() {}

  /**
   * Which bytes come, of how many.
   *
   * @param range the bytes
   * @param total the length of the whole content, if it is known
   */
  public record ContentRange(ByteRange range, OptionalLong total) {
    /** Returns the header's value. */
    @Override
    public String toString() {
      String all = total.isPresent() ? Long.toString(total.getAsLong()) : "*";
      return "bytes " + range + "/" + all;
    }
  }

  /** Returns the path of a task's data. */
  public static String path(TaskId task) {
    return BEFORE + task.hex() + AFTER;
  }

  /** Returns the task whose data is at this path; empty for any other path. */
  public static Optional<TaskId> task(String path) {
    if (!path.startsWith(BEFORE) || !path.endsWith(AFTER)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new TaskId(path.substring(BEFORE.length(), path.length() - AFTER.length())));
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  /** Returns the value of Range for these bytes, which must be some. */
  public static String range(ByteRange range) {
    return "bytes=" + range;
  }

  /**
   * Reads a Range of first and last byte.
   *
   * @throws WireException if it is anything else
   */
  public static ByteRange parseRange(String value) throws WireException {
    Matcher matcher = RANGE.matcher(value);
    if (!matcher.matches()) {
      throw new WireException("Range is not 'bytes=first-last'");
    }
    return bytes(matcher);
  }

  /**
   * Reads a Content-Range of bytes.
   *
   * @throws WireException if it is anything else
   */
  public static ContentRange parseContentRange(String value) throws WireException {
    Matcher matcher = CONTENT_RANGE.matcher(value);
    if (!matcher.matches()) {
      throw new WireException("Content-Range is not 'bytes first-last/total'");
    }
    ByteRange range = bytes(matcher);
    if (matcher.group(3).equals("*")) {
      return new ContentRange(range, OptionalLong.empty());
    }
    long total = Long.parseLong(matcher.group(3));
    if (range.end() > total) {
      throw new WireException("Content-Range ends after the total");
    }
    return new ContentRange(range, OptionalLong.of(total));
  }

  private static ByteRange bytes(Matcher matcher) throws WireException {
    long first = Long.parseLong(matcher.group(1));
    long last = Long.parseLong(matcher.group(2));
    if (last < first) {
      throw new WireException("a range ends before it starts");
    }
    return new ByteRange(first, last + 1);
  }
}
