package io.dragonfly.fetch;

import java.util.OptionalLong;

/** How far a fetch is, at one moment. Bytes of content; only verified pieces count. Immutable. */
public final class FetchProgress {
  private final OptionalLong length;
  private final long bytesFromPeers;
  private final long bytesFromSupernode;
  private final long bytesFromSource;
  private final long bytesFromStore;

  /**
   * A moment of a fetch.
   *
   * @param length bytes that are wanted in all, if that is known yet
   * @param bytesFromPeers bytes that other peers gave
   * @param bytesFromSupernode bytes that the supernode gave
   * @param bytesFromSource bytes that this peer read from the source itself
   * @param bytesFromStore bytes that were in the home directory already
   */
  public FetchProgress(
      OptionalLong length,
      long bytesFromPeers,
      long bytesFromSupernode,
      long bytesFromSource,
      long bytesFromStore) {
    this.length = length;
    this.bytesFromPeers = bytesFromPeers;
    this.bytesFromSupernode = bytesFromSupernode;
    this.bytesFromSource = bytesFromSource;
    this.bytesFromStore = bytesFromStore;
  }

  /** Returns the bytes that are wanted in all, if that is known yet. */
  public OptionalLong length() {
    return length;
  }

  /** Returns the bytes that are there. */
  public long bytes() {
    return bytesFromPeers + bytesFromSupernode + bytesFromSource + bytesFromStore;
  }

  /** Returns the bytes that other peers gave. */
  public long bytesFromPeers() {
    return bytesFromPeers;
  }

  /** Returns the bytes that the supernode gave. */
  public long bytesFromSupernode() {
    return bytesFromSupernode;
  }

  /** Returns the bytes that this peer read from the source itself. */
  public long bytesFromSource() {
    return bytesFromSource;
  }

  /** Returns the bytes that were in the home directory already. */
  public long bytesFromStore() {
    return bytesFromStore;
  }

  @Override
  public String toString() {
    return "%d of %s bytes (%d from peers, %d from the supernode, %d from the source, %d stored)"
        .formatted(
            bytes(),
            length.isPresent() ? Long.toString(length.getAsLong()) : "?",
            bytesFromPeers,
            bytesFromSupernode,
            bytesFromSource,
            bytesFromStore);
  }
}
