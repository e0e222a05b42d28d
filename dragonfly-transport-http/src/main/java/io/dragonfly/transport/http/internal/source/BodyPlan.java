package io.dragonfly.transport.http.internal.source;

import io.dragonfly.task.ByteRange;
import java.util.OptionalLong;

/**
 * Which bytes of an answer's body are the ones that were asked for.
 *
 * @param skip how many come before them
 * @param length how many they are, or the most they can be
 * @param exact whether they must be that many
 * @param toTheEnd whether nothing may follow them
 */
record BodyPlan(long skip, long length, boolean exact, boolean toTheEnd) {
  /** The whole body, of this length where one was announced. */
  static BodyPlan all(OptionalLong length) {
    return new BodyPlan(0, length.orElse(Long.MAX_VALUE), length.isPresent(), true);
  }

  /** A range in the body of an answer with the whole content of this length. */
  static BodyPlan within(OptionalLong total, ByteRange range) {
    long end = Math.min(range.end(), total.orElse(Long.MAX_VALUE));
    long start = Math.min(range.start(), end);
    boolean toTheEnd = total.isPresent() && end == total.getAsLong();
    return new BodyPlan(start, end - start, total.isPresent(), toTheEnd);
  }
}
