package io.dragonfly.control;

/** What a piece came from. */
public enum Origin {
  /** Another peer. */
  PEER,
  /** A supernode, out of its CDN cache. */
  SUPERNODE,
  /** The source itself. */
  SOURCE
}
