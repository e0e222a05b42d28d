package io.dragonfly.control;

import java.util.List;

/**
 * Tells what a peer holds.
 *
 * @param caller who calls
 * @param holdings all the tasks that it holds pieces of, each with its ticket
 */
public record OfferRequest(Caller caller, List<Holding> holdings) {
  /** Copies the list. */
  public OfferRequest {
    holdings = List.copyOf(holdings);
  }

  /** Returns the same call of the same caller, who proves the join token with it. */
  public OfferRequest with(JoinProof proof) {
    return new OfferRequest(caller.with(proof), holdings);
  }
}
