package io.dragonfly.task;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * Which version of a content a source holds, as far as its answer says. Only strong validators are
 * kept: a strong ETag, or a Last-Modified clearly older than the answer's Date (RFC 9110, 8.8.2.2).
 *
 * @param validator the strong validator in the form that If-Range takes, if there is one
 * @param length bytes of the whole content, if the source tells
 */
public record SourceVersion(Optional<String> validator, OptionalLong length) {
  /** The version of a source that tells nothing. */
  public static final SourceVersion UNKNOWN =
      new SourceVersion(Optional.empty(), OptionalLong.empty());

  /** Tells whether equal versions have equal bytes. */
  public boolean isStrong() {
    return validator.isPresent();
  }
}
