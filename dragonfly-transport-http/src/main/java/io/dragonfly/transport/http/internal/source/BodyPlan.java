package io.dragonfly.transport.http.internal.source;

import io.dragonfly.task.ByteRange;
import java.util.OptionalLong;

/**
 * Which bytes of an answer's body are the ones that were asked for.
 *
 * @param skip how many come before them
 * @param length how many they are, or the most they can be; empty if nothing bounds them
 * @param exact whether they must be that many
 * @param toTheEnd whether nothing may follow them
 */
record BodyPlan(long skip, OptionalLong length, boolean exact, boolean toTheEnd) {
  /** The whole body, of this length where one was announced. */
  static BodyPlan all(OptionalLong length) {
    return new BodyPlan(0, length, length.isPresent(), true);
  }

  /** A range in the body of an answer with the whole content of this length. */
  static BodyPlan within(OptionalLong total, ByteRange range) {
    ByteRange part = total.isPresent() ? range.within(total.getAsLong()) : range;
    OptionalLong length = part.isOpen() ? OptionalLong.empty() : OptionalLong.of(part.length());
    boolean toTheEnd = part.limit().equals(total);
    return new BodyPlan(part.start(), length, total.isPresent(), toTheEnd);
  }
}
