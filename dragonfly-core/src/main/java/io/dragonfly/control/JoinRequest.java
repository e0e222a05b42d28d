package io.dragonfly.control;

/**
 * Asks a supernode to prove that it has the fleet's join token. A peer sends it before anything
 * else, so it names nobody.
 *
 * @param nonce 64 hexadecimal digits of the peer's own making, so that no earlier proof fits
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
