package io.dragonfly.spi;

import io.dragonfly.task.ContentRequest;
import java.time.Duration;

/** A question to a source. Immutable. */
public final class SourceRequest {
  private final ContentRequest content;
  private final Duration stallTimeout;
  private final boolean fromThisMachine;

  /**
   * A question to a source.
   *
   * @param content what is asked for, with the credentials of who wants it
   * @param stallTimeout how long the source may take to connect, to answer, or to bring the next
   *     byte
   * @param fromThisMachine whether a process of this machine asks; false for a supernode that asks
   *     for somebody else, who must not reach this machine's own services that way
   */
  public SourceRequest(ContentRequest content, Duration stallTimeout, boolean fromThisMachine) {
    this.content = content;
    this.stallTimeout = stallTimeout;
    this.fromThisMachine = fromThisMachine;
  }

  /** Returns what is asked for, with the credentials of who wants it. */
  public ContentRequest content() {
    return content;
  }

  /** Returns how long the source may take to connect, to answer, or to bring the next byte. */
  public Duration stallTimeout() {
    return stallTimeout;
  }

  /** Tells whether a process of this machine asks. */
  public boolean fromThisMachine() {
    return fromThisMachine;
  }

  @Override
  public String toString() {
    return content.toString();
  }
}
