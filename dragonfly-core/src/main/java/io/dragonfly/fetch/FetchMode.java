package io.dragonfly.fetch;

/** Which way a content takes, as Dragonfly 1 names them. */
public enum FetchMode {
  /** From peers and the supernode, from the source where it must. */
  P2P,
  /** From the supernode and peers, without serving others. */
  CDN,
  /** From the source alone. */
  SOURCE
}
