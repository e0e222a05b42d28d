package io.dragonfly.internal.access;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The nonces that a supernode gives to peers which join. It keeps none of them: each holds its own
 * end and a MAC, so that the supernode knows its own again, also after a restart. Immutable.
 *
 * <p>A nonce is, in hexadecimal digits, 16 random bytes, 8 bytes of expiry (seconds since 1970,
 * big-endian) and the first 16 bytes of an HMAC-SHA256 over both.
 */
public final class JoinNonces {
  /** How long a nonce is valid, and with it each proof that is made for it. */
  static final Duration LIFE = Duration.ofHours(1);

  private static final int RANDOM_BYTES = 16;
  private static final int MAC_BYTES = 16;
  private static final int SIGNED_BYTES = RANDOM_BYTES + Long.BYTES;

  private final SecretKeySpec key;
  private final SecureRandom random;

  /** Nonces of the supernode that has this key. */
  public JoinNonces(byte[] key, SecureRandom random) {
    this.key = new SecretKeySpec(key, "HmacSHA256");
    this.random = random;
  }

  /** Makes a nonce. */
  public String issue(Instant now) {
    byte[] fresh = new byte[RANDOM_BYTES];
    random.nextBytes(fresh);
    byte[] signed =
        ByteBuffer.allocate(SIGNED_BYTES)
            .put(fresh)
            .putLong(now.plus(LIFE).getEpochSecond())
            .array();
    byte[] nonce = Arrays.copyOf(signed, SIGNED_BYTES + MAC_BYTES);
    System.arraycopy(mac(signed), 0, nonce, SIGNED_BYTES, MAC_BYTES);
    return HexFormat.of().formatHex(nonce);
  }

  /**
   * Tells whether a nonce was made with this key and has not expired.
   *
   * @param nonce hexadecimal digits, as many as a nonce has
   */
  public boolean isValid(String nonce, Instant now) {
    byte[] bytes = HexFormat.of().parseHex(nonce);
    byte[] signed = Arrays.copyOf(bytes, SIGNED_BYTES);
    byte[] actual = Arrays.copyOfRange(bytes, SIGNED_BYTES, bytes.length);
    return MessageDigest.isEqual(mac(signed), actual)
        && now.getEpochSecond() < ByteBuffer.wrap(signed).getLong(RANDOM_BYTES);
  }

  private byte[] mac(byte[] signed) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      // The key is that of tickets, too: nothing that is one may ever pass for the other.
      mac.update("dragonfly join nonce\n".getBytes(StandardCharsets.US_ASCII));
      return Arrays.copyOf(mac.doFinal(signed), MAC_BYTES);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no HmacSHA256", e);
    }
  }
}
