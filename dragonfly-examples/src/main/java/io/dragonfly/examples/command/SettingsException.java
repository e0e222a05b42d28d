package io.dragonfly.examples.command;

import org.jspecify.annotations.Nullable;

/** A configuration file or a variable that cannot be used. The message says which and where. */
final class SettingsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SettingsException(String message) {
    this(message, null);
  }

  SettingsException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
