package io.dragonfly.home;

/**
 * Who gave bytes, or should have.
 *
 * @param kind what it is
 * @param address host and port
 * @param zone its zone; empty if it does not say
 */
public record Provider(Kind kind, String address, String zone) {
  /** What can give bytes. */
  public enum Kind {
    /** Another peer. */
    PEER,
    /** A supernode, out of its CDN cache. */
    SUPERNODE,
    /** The source itself. */
    SOURCE
  }
}
