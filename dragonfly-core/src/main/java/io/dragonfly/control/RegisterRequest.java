package io.dragonfly.control;

import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import java.util.List;
import java.util.Optional;

/**
 * Wants a content.
 *
 * @param caller who calls
 * @param content what is wanted, with the caller's own credentials for the source
 * @param range the bytes that are wanted, if not all are
 * @param ticket the ticket of an earlier registration, if there was one: while it is valid it
 *     stands for the question to the source
 * @param holdings the versions of this content that the caller holds pieces of
 * @param isPushed whether the ticket came with a {@link Push}. Then it alone admits the caller, to
 *     the version that it names, and the source is asked for nothing: the content has no
 *     credentials, and need not even be complete
 */
public record RegisterRequest(
    Caller caller,
    ContentRequest content,
    Optional<ByteRange> range,
    Optional<String> ticket,
    List<Holding> holdings,
    boolean isPushed) {
  /** Copies the list. */
  public RegisterRequest {
    holdings = List.copyOf(holdings);
  }

  /** A caller that wants a content of its own accord. */
  public RegisterRequest(
      Caller caller,
      ContentRequest content,
      Optional<ByteRange> range,
      Optional<String> ticket,
      List<Holding> holdings) {
    this(caller, content, range, ticket, holdings, false);
  }

  /**
   * Returns the same call of another caller: the same peer with more to show, or as one supernode
   * knows it.
   */
  public RegisterRequest by(Caller by) {
    return new RegisterRequest(by, content, range, ticket, holdings, isPushed);
  }

  /** Hides the ticket: it is a secret. */
  @Override
  public String toString() {
    return "RegisterRequest[" + caller + ", " + content + ", holdings " + holdings + "]";
  }
}
