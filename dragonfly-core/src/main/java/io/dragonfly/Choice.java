package io.dragonfly;

import java.util.Optional;

/**
 * Which plug-in to use: the one of a name, or an instance, which wins.
 *
 * @param name what it is called, if no instance is given
 * @param instance what was given; it stays the giver's, who closes it
 */
record Choice<T>(String name, Optional<T> instance) {
  static <T> Choice<T> named(String name) {
    return new Choice<>(name, Optional.empty());
  }

  static <T> Choice<T> of(T instance) {
    return new Choice<>("", Optional.of(instance));
  }
}
