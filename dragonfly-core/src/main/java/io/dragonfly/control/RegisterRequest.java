package io.dragonfly.control;

import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import java.util.List;
import java.util.Optional;

/**
 * Registers for a file.
 *
 * @param caller the peer
 * @param content the file, with the caller's own credentials for the source
 * @param range the wanted bytes; empty for all
 * @param ticket the ticket of an earlier registration, if there was one: while it is valid, the
 *     source is not asked
 * @param holdings the versions of this file of which the caller has pieces
 * @param isPushed whether the ticket came with a {@link Push}. Then it alone admits the caller, to
 *     the version that it names, and the source is not asked: the content has no credentials and
 *     may be incomplete
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

  /** Creates a registration that does not come from a push. */
  public RegisterRequest(
      Caller caller,
      ContentRequest content,
      Optional<ByteRange> range,
      Optional<String> ticket,
      List<Holding> holdings) {
    this(caller, content, range, ticket, holdings, false);
  }

  /**
   * Returns this request with another caller: the same peer with more proofs, or with the secret
   * for one supernode.
   */
  public RegisterRequest by(Caller by) {
    return new RegisterRequest(by, content, range, ticket, holdings, isPushed);
  }

  /** Hides the ticket, which is a secret. */
  @Override
  public String toString() {
    return "RegisterRequest[" + caller + ", " + content + ", holdings " + holdings + "]";
  }
}
