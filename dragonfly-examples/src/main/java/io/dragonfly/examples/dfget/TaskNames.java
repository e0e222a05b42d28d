package io.dragonfly.examples.dfget;

import io.dragonfly.task.TaskId;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Tasks as people name them: by the beginning of the id. */
final class TaskNames {
  private static final Pattern BEGINNING = Pattern.compile("[0-9a-f]{4,64}");

  private TaskNames() {}

  /** Tells whether a text may be the beginning of a task's id. */
  static boolean isName(String text) {
    return BEGINNING.matcher(text).matches();
  }

  /**
   * Returns the one whose task has an id that begins so.
   *
   * @throws IllegalArgumentException if there is none, or more than one
   */
  static <T> T find(String name, Collection<T> all, Function<T, TaskId> id) {
    if (!isName(name)) {
      throw new IllegalArgumentException(
          "'%s' is no task: give 4 to 64 lower-case hexadecimal digits, the beginning of its id"
              .formatted(name));
    }
    List<T> found = all.stream().filter(one -> id.apply(one).hex().startsWith(name)).toList();
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "there is no task %s here: 'dfget cache ls' lists those that are".formatted(name));
    }
    if (found.size() > 1) {
      throw new IllegalArgumentException(
          "%d tasks begin with %s: give more digits".formatted(found.size(), name));
    }
    return found.get(0);
  }
}
