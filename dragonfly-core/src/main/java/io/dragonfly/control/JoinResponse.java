package io.dragonfly.control;

/**
 * The supernode's proof that it has the fleet's join token.
 *
 * @param nonce the supernode's own; the peer's proof is about it, and holds as long as it does
 * @param mac the proof: 64 hexadecimal digits
 * @param certificate the fingerprint of the certificate that the supernode showed on the connection
 *     that this answer came by: empty without TLS. The client's side of the transport sets it, and
 *     nothing that was sent
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

  /** Returns the same answer as it came over a connection with this certificate. */
  public JoinResponse over(String shown) {
    return new JoinResponse(nonce, mac, shown);
  }
}
