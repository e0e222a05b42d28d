package io.dragonfly.internal.storage;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What is left of a task does not add up: it is of no use any more, neither to us nor to others.
 */
final class BrokenTaskException extends IOException {
  private static final long serialVersionUID = 1L;

  BrokenTaskException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
