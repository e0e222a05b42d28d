package io.dragonfly.home;

/** What came of removing a task. */
public enum Removal {
  /** It is gone, its room is free, and no peer is sent here for it. */
  REMOVED,
  /** It stays: a fetch wants it, or somebody reads it. */
  IN_USE,
  /** There is no such task. */
  NOT_HELD
}
