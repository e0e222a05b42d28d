package io.dragonfly.control;

import java.util.List;

/**
 * Tells what a peer holds.
 *
 * @param caller who calls
 * @param holdings all the tasks that it holds pieces of, each with its ticket
 */
public record AnnounceRequest(Caller caller, List<Holding> holdings) {
  /** Copies the list. */
  public AnnounceRequest {
    holdings = List.copyOf(holdings);
  }

  /**
   * Returns the same call of another caller: the same peer with more to show, or as one supernode
   * knows it.
   */
  public AnnounceRequest by(Caller by) {
    return new AnnounceRequest(by, holdings);
  }
}
