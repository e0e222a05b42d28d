package io.dragonfly.examples.thin;

import java.io.File;
import java.io.IOException;

/** A home where no server can run, since this user can write nothing there. */
final class UnusableHomeException extends IOException {
  private static final long serialVersionUID = 1;

  UnusableHomeException(File home, Exception cause) {
    super("home " + home + " cannot be written", cause);
  }
}
