package io.dragonfly.task;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which version of a content a source holds, as far as its answer says. A validator is strong: a
 * strong ETag, or a Last-Modified clearly older than the answer's Date (RFC 9110, 8.8.2.2).
 *
 * @param validator the strong validator in the form that If-Range takes, if there is one
 * @param length bytes of the whole content, if the source tells
 * @param hint what may differ between versions beside the strong validator, such as a weak ETag:
 *     equal hints prove nothing, other ones are a change
 * @param personal whether the source chooses the bytes by something that is no part of the
 *     content's key, such as a cookie: then the version is for those alone who asked the same way
 */
public record SourceVersion(
    Optional<String> validator, OptionalLong length, Optional<String> hint, boolean personal) {
  /** The version of a source that tells nothing. */
  public static final SourceVersion UNKNOWN =
      new SourceVersion(Optional.empty(), OptionalLong.empty());

  /** A version without a hint, which is the same for all who may have it. */
  public SourceVersion(Optional<String> validator, OptionalLong length) {
    this(validator, length, Optional.empty(), false);
  }

  /** Tells whether equal versions have equal bytes. */
  public boolean isStrong() {
    return validator.isPresent();
  }

  /** Tells whether a source would show it, as far as anything does, if this version were gone. */
  public boolean canBeCompared() {
    return validator.isPresent() || hint.isPresent();
  }

  /** Tells whether nothing in a later answer speaks against this version. Lengths aside. */
  public boolean admits(SourceVersion later) {
    if (validator.isPresent()) {
      return validator.equals(later.validator) && isSameIfBoth(hint, later.hint);
    }
    // A date that was too young to be a validator is one when it is older.
    return isSameIfBoth(hint, later.hint.or(() -> later.validator));
  }

  /** Returns what users are told of it: the validator and the length. */
  @Override
  public String toString() {
    String length = this.length.isPresent() ? this.length.getAsLong() + " bytes" : "unknown length";
    return Stream.of(validator, hint, Optional.of(length))
        .flatMap(Optional::stream)
        .collect(Collectors.joining(", "));
  }

  private static boolean isSameIfBoth(Optional<String> one, Optional<String> other) {
    return one.isEmpty() || other.isEmpty() || one.equals(other);
  }
}
