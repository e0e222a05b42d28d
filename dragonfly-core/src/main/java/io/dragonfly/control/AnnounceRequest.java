package io.dragonfly.control;

import java.util.List;

/**
 * Announces the pieces that a peer has.
 *
 * @param caller the peer
 * @param holdings all tasks of which it has pieces, each with its ticket
 */
public record AnnounceRequest(Caller caller, List<Holding> holdings) {
  /** Copies the list. */
  public AnnounceRequest {
    holdings = List.copyOf(holdings);
  }

  /**
   * Returns this request with another caller: the same peer with more proofs, or with the secret
   * for one supernode.
   */
  public AnnounceRequest by(Caller by) {
    return new AnnounceRequest(by, holdings);
  }
}
