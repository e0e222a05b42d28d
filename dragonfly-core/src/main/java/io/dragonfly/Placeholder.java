package io.dragonfly;

/** Stands here until the entry points arrive, so that each check has something to look at. */
public final class Placeholder {
  private final String name;

  public Placeholder(String name) {
    this.name = name;
  }

  /** Returns the name that was given. */
  public String name() {
    return name;
  }
}
