package io.dragonfly.control;

/**
 * A supernode's proof that it has the join token.
 *
 * @param nonce created by the supernode; the peer's proof is made for it, and valid as long as it
 *     is
 * @param mac the proof: 64 hexadecimal digits
 * @param certificate fingerprint of the certificate that the supernode showed on the connection of
 *     this response; empty without TLS. It is set by the client's transport, not sent
 */
public record JoinResponse(String nonce, String mac, String certificate) {
  /**
   * Checks the nonce and the proof.
   *
   * @throws IllegalArgumentException if one has another form
   */
  public JoinResponse {
    JoinProof.checkHex("nonce", nonce, JoinProof.SUPERNODE_NONCE_DIGITS);
    JoinProof.checkHex("mac", mac, JoinProof.MAC_DIGITS);
  }

  /** Returns this response as received over a connection with this certificate. */
  public JoinResponse over(String shown) {
    return new JoinResponse(nonce, mac, shown);
  }
}
