package io.dragonfly.control;

/** Where a piece came from. */
public enum Origin {
  /** Another peer. */
  PEER,
  /** The supernode cache. */
  SUPERNODE,
  /** The source. */
  SOURCE
}
