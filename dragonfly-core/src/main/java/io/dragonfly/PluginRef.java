package io.dragonfly;

import java.util.Optional;

/**
 * Which plug-in to use: the one of a name, or an instance, which wins.
 *
 * @param name what it is called, if no instance is given
 * @param instance what was given; it stays the giver's, who closes it
 */
record PluginRef<T>(String name, Optional<T> instance) {
  static <T> PluginRef<T> named(String name) {
    return new PluginRef<>(name, Optional.empty());
  }

  static <T> PluginRef<T> of(T instance) {
    return new PluginRef<>("", Optional.of(instance));
  }
}
