package io.dragonfly.spi;

import io.dragonfly.task.ContentRequest;
import java.time.Duration;

/** A question to a source. Immutable. */
public final class SourceRequest {
  private final ContentRequest content;
  private final Duration stallTimeout;
  private final Requester requester;

  /**
   * A question to a source.
   *
   * @param content what is asked for, with the credentials of who wants it
   * @param stallTimeout how long the source may take to connect, to answer, or to bring the next
   *     byte
   * @param requester for whom the source is read, which decides what addresses are refused
   */
  public SourceRequest(ContentRequest content, Duration stallTimeout, Requester requester) {
    this.content = content;
    this.stallTimeout = stallTimeout;
    this.requester = requester;
  }

  /** Returns what is asked for, with the credentials of who wants it. */
  public ContentRequest content() {
    return content;
  }

  /** Returns how long the source may take to connect, to answer, or to bring the next byte. */
  public Duration stallTimeout() {
    return stallTimeout;
  }

  /** Returns for whom the source is read. */
  public Requester requester() {
    return requester;
  }

  @Override
  public String toString() {
    return content.toString();
  }
}
