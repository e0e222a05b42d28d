package io.dragonfly.control;

import java.util.regex.Pattern;

/**
 * A peer's proof that it has the join token. It is valid for this peer, for the supernode that
 * created the nonce, and for connections on which that supernode shows the same certificate. It is
 * a secret until the nonce expires: {@link #toString} does not show it.
 *
 * @param peerNonce the nonce of the peer's {@link JoinRequest}
 * @param supernodeNonce the nonce of the {@link JoinResponse}
 * @param mac the proof: 64 hexadecimal digits
 * @param certificate fingerprint of the certificate that the supernode has proved to be its own;
 *     empty without TLS. It is not sent: a transport sends the proof to no server with another
 *     certificate
 */
public record JoinProof(String peerNonce, String supernodeNonce, String mac, String certificate) {
  /** Number of hexadecimal digits of a peer's nonce. */
  public static final int PEER_NONCE_DIGITS = 64;

  /** Number of hexadecimal digits of a supernode's nonce. */
  public static final int SUPERNODE_NONCE_DIGITS = 80;

  /** Number of hexadecimal digits of a proof. */
  public static final int MAC_DIGITS = 64;

  private static final Pattern HEX = Pattern.compile("[0-9a-f]*");

  /**
   * Checks the nonces and the proof.
   *
   * @throws IllegalArgumentException if one has another form; the message does not repeat it
   */
  public JoinProof {
    checkHex("peerNonce", peerNonce, PEER_NONCE_DIGITS);
    checkHex("supernodeNonce", supernodeNonce, SUPERNODE_NONCE_DIGITS);
    checkHex("mac", mac, MAC_DIGITS);
  }

  static void checkHex(String name, String text, int digits) {
    if (text.length() != digits || !HEX.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "%s has not %d hexadecimal digits".formatted(name, digits));
    }
  }

  @Override
  public String toString() {
    return "JoinProof[certificate " + certificate + "]";
  }
}
