package io.dragonfly.task;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;

/**
 * A digest together with its algorithm, written {@code sha256:<hex>}. Immutable.
 *
 * @param algorithm {@code sha256} or {@code md5}
 * @param hex the value in lower-case hexadecimal digits
 */
public record Digest(String algorithm, String hex) {
  /** The algorithm of piece digests and of most whole files. */
  public static final String SHA256 = "sha256";

  /** Accepted for whole files only, because users of Dragonfly 1 have such lists. */
  public static final String MD5 = "md5";

  private static final Map<String, String> JCA_NAMES = Map.of(SHA256, "SHA-256", MD5, "MD5");
  private static final Map<String, Integer> HEX_LENGTHS = Map.of(SHA256, 64, MD5, 32);

  /**
   * Checks both parts.
   *
   * @throws IllegalArgumentException if the algorithm is not known or the value has a wrong length
   */
  public Digest {
    Integer length = HEX_LENGTHS.get(algorithm);
    if (length == null) {
      throw new IllegalArgumentException(
          "digest algorithm '%s' is not known, use sha256 or md5".formatted(algorithm));
    }
    if (!isHex(hex) || hex.length() != length) {
      throw new IllegalArgumentException(
          "a %s digest has %d lower-case hexadecimal digits, not '%s'"
              .formatted(algorithm, length, hex));
    }
  }

  /**
   * Reads {@code sha256:<hex>} or {@code md5:<hex>}, in either case.
   *
   * @throws IllegalArgumentException if the text is not such a digest
   */
  public static Digest parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      throw new IllegalArgumentException(
          "digest '%s' has no algorithm, write sha256:<hex> or md5:<hex>".formatted(text));
    }
    return new Digest(
        text.substring(0, colon).toLowerCase(Locale.ROOT),
        text.substring(colon + 1).toLowerCase(Locale.ROOT));
  }

  /**
   * Wraps the 32 bytes of a SHA-256.
   *
   * @throws IllegalArgumentException if there are not 32 bytes
   */
  public static Digest sha256(byte[] value) {
    return new Digest(SHA256, HexFormat.of().formatHex(value));
  }

  /** Wraps a finished computation of this class's {@link #newMessageDigest}. */
  public static Digest of(MessageDigest finished) {
    String algorithm = finished.getAlgorithm().equals("MD5") ? MD5 : SHA256;
    return new Digest(algorithm, HexFormat.of().formatHex(finished.digest()));
  }

  /** Returns a new computation of SHA-256. */
  public static MessageDigest newSha256() {
    return newMessageDigest(SHA256);
  }

  /**
   * Returns a new computation of the algorithm.
   *
   * @throws IllegalArgumentException if the algorithm is not known
   */
  public static MessageDigest newMessageDigest(String algorithm) {
    String name = JCA_NAMES.get(algorithm);
    if (name == null) {
      throw new IllegalArgumentException("digest algorithm '%s' is not known".formatted(algorithm));
    }
    try {
      return MessageDigest.getInstance(name);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no " + name, e);
    }
  }

  /** Returns the value as bytes: 32 for SHA-256, 16 for MD5. */
  public byte[] bytes() {
    return HexFormat.of().parseHex(hex);
  }

  @Override
  public String toString() {
    return algorithm + ":" + hex;
  }

  /** Tells whether a text is nothing but lower-case hexadecimal digits. */
  public static boolean isHex(String text) {
    // A supernode checks thousands of names a second: a stream costs several times as much.
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }
}
