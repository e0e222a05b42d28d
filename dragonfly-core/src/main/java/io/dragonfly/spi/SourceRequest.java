package io.dragonfly.spi;

import io.dragonfly.task.ContentRequest;
import java.time.Duration;

/** A question to a source. Immutable. */
public final class SourceRequest {
  /** Peers wait 45 s for their supernode, which must have an answer before. */
  public static final Duration LONGEST_ANSWER = Duration.ofSeconds(30);

  private final ContentRequest content;
  private final Duration stallTimeout;
  private final Requester requester;

  /**
   * A question to a source.
   *
   * @param content what is asked for, with the credentials of who wants it
   * @param stallTimeout how long the source may bring no byte in the middle of a body
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

  /** Returns how long the source may bring no byte in the middle of a body. */
  public Duration stallTimeout() {
    return stallTimeout;
  }

  /**
   * Returns how long the source may take to connect or to answer: three times as long as it may be
   * silent in a body, since it may have to find or to make the content first, but no longer than
   * {@link #LONGEST_ANSWER} unless the stall timeout is longer.
   */
  public Duration answerTimeout() {
    Duration usual = stallTimeout.multipliedBy(3);
    Duration bounded = usual.compareTo(LONGEST_ANSWER) < 0 ? usual : LONGEST_ANSWER;
    return bounded.compareTo(stallTimeout) < 0 ? stallTimeout : bounded;
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
