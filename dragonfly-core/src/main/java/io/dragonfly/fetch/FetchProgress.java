package io.dragonfly.fetch;

import io.dragonfly.control.Queued;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/** How far a fetch is, at one moment. Bytes of content; only verified pieces count. Immutable. */
public final class FetchProgress {
  private final OptionalLong length;
  private final long bytesFromPeers;
  private final long bytesFromSupernode;
  private final long bytesFromSource;
  private final long bytesFromStore;
  private final Optional<Queued> queued;
  private final Duration queuedTime;
  private final Duration idle;

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
    this.queued = Optional.empty();
    this.queuedTime = Duration.ZERO;
    this.idle = Duration.ZERO;
  }

  private FetchProgress(
      FetchProgress bytes, Optional<Queued> queued, Duration queuedTime, Duration idle) {
    this.length = bytes.length;
    this.bytesFromPeers = bytes.bytesFromPeers;
    this.bytesFromSupernode = bytes.bytesFromSupernode;
    this.bytesFromSource = bytes.bytesFromSource;
    this.bytesFromStore = bytes.bytesFromStore;
    this.queued = queued;
    this.queuedTime = queuedTime;
    this.idle = idle;
  }

  /**
   * Returns the same bytes with what the fetch waits for.
   *
   * @param wait what it waits for, if it is queued
   * @param allWaits how long it has been queued in all
   * @param sinceProgress how long ago the last byte came; see {@link #idle}
   */
  public FetchProgress with(Optional<Queued> wait, Duration allWaits, Duration sinceProgress) {
    return new FetchProgress(this, wait, allWaits, sinceProgress);
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

  /** Returns what the fetch waits for; empty if it is not queued, or nobody knows. */
  public Optional<Queued> queued() {
    return queued;
  }

  /** Returns how long the fetch has been queued in all. */
  public Duration queuedTime() {
    return queuedTime;
  }

  /**
   * Returns how long the fetch has made no progress: since the last byte, verified or not, since it
   * was last queued, or since a rate limit of this client last held bytes back.
   */
  public Duration idle() {
    return idle;
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
