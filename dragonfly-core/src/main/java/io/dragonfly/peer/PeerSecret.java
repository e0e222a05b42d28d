package io.dragonfly.peer;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What only a peer and its supernode know. It authenticates the peer's calls, and capabilities for
 * this peer's pieces are made with a key derived from it, so no other peer can make one. {@link
 * #toString} does not show it.
 *
 * <p>A peer keeps one secret and sends it to nobody: each supernode gets another one that is
 * derived from it ({@link #forSupernode}). So no supernode can act as the peer at another one.
 */
public final class PeerSecret {
  private static final int BYTES = 32;

  private final byte[] bytes;
  private final Optional<String> supernode;
  private final PeerId id; // asked for at each call

  private PeerSecret(byte[] bytes, Optional<String> supernode) {
    this.bytes = bytes.clone();
    this.supernode = supernode;
    id = new PeerId(HexFormat.of().formatHex(derive("id"), 0, 16));
  }

  /** Makes a new secret. */
  public static PeerSecret random(SecureRandom random) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    return new PeerSecret(bytes, Optional.empty());
  }

  /**
   * Reads the 64 hexadecimal digits of {@link #reveal}.
   *
   * @throws IllegalArgumentException if these are not 64 hexadecimal digits; the message does not
   *     repeat them
   */
  public static PeerSecret parse(String hex) {
    if (hex.length() != 2 * BYTES) {
      throw new IllegalArgumentException("a peer secret has 64 hexadecimal digits");
    }
    try {
      return new PeerSecret(HexFormat.of().parseHex(hex), Optional.empty());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("a peer secret has 64 hexadecimal digits");
    }
  }

  /** Returns the secret's digits, for the wire and for the home directory alone. */
  public String reveal() {
    return HexFormat.of().formatHex(bytes);
  }

  /**
   * Returns the secret that one supernode gets. It tells nothing of this one.
   *
   * @param identity what the supernode is known by, see {@link
   *     io.dragonfly.control.SupernodeApi#identity}
   */
  public PeerSecret forSupernode(String identity) {
    return new PeerSecret(derive("supernode " + identity), Optional.of(identity));
  }

  /**
   * Returns the identity of the only supernode that may get this secret; empty if it was not made
   * for a certain one. A transport checks it before it sends the secret.
   */
  public Optional<String> supernode() {
    return supernode;
  }

  /** Returns the public name that goes with this secret. */
  public PeerId id() {
    return id;
  }

  /** Returns the key that capabilities for this peer's pieces are made with: 32 bytes. */
  public byte[] capabilityKey() {
    return derive("capability");
  }

  private byte[] derive(String purpose) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(bytes, "HmacSHA256"));
      return mac.doFinal(("dragonfly " + purpose).getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no HmacSHA256", e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PeerSecret secret && MessageDigest.isEqual(secret.bytes, bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(derive("hash"));
  }

  @Override
  public String toString() {
    return "PeerSecret of " + id();
  }
}
