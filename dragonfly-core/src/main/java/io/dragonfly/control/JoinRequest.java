package io.dragonfly.control;

/**
 * Asks a supernode to prove that it has the join token. A peer sends this request before all
 * others, so it does not identify the peer.
 *
 * @param nonce 64 hexadecimal digits that the peer has created, so that no earlier proof is valid
 */
public record JoinRequest(String nonce) {
  /**
   * Checks the nonce.
   *
   * @throws IllegalArgumentException if it has another form
   */
  public JoinRequest {
    JoinProof.checkHex("nonce", nonce, JoinProof.PEER_NONCE_DIGITS);
  }
}
