package io.dragonfly.examples.thin;

/** Why the caller cannot open a file that the server asked for: the first byte of the answer. */
public final class FileFailure {
  /** There is no such file. */
  public static final int MISSING = 1;

  /** The caller may not read it. */
  public static final int FORBIDDEN = 2;

  /** It cannot be read, or is too long; the text says why. */
  public static final int OTHER = 3;

  private FileFailure() {}
}
