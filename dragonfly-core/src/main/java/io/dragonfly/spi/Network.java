package io.dragonfly.spi;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A range of addresses, written {@code 10.0.0.0/8}. Immutable.
 *
 * @param base an address in it
 * @param prefix how many leading bits all its addresses share
 */
public record Network(InetAddress base, int prefix) {
  /**
   * Reads an address and a prefix length, or an address alone.
   *
   * @throws IllegalArgumentException if the text is neither
   */
  public static Network parse(String text) {
    String[] parts = text.split("/", -1);
    try {
      InetAddress base = InetAddresses.forString(parts[0]);
      int bits = base.getAddress().length * Byte.SIZE;
      int prefix = parts.length == 1 ? bits : Integer.parseInt(parts[1]);
      if (parts.length <= 2 && prefix >= 0 && prefix <= bits) {
        return new Network(base, prefix);
      }
    } catch (IllegalArgumentException e) {
      throw notANetwork(text, e);
    }
    throw notANetwork(text, null);
  }

  private static IllegalArgumentException notANetwork(String text, @Nullable Exception cause) {
    return new IllegalArgumentException(
        "'%s' is no network, write an address and a prefix length, as in 10.0.0.0/8"
            .formatted(text),
        cause);
  }

  /** Tells whether an address lies in the range. */
  public boolean contains(InetAddress address) {
    byte[] ours = base.getAddress();
    byte[] theirs = address.getAddress();
    int whole = prefix / Byte.SIZE;
    if (ours.length != theirs.length || !Arrays.equals(ours, 0, whole, theirs, 0, whole)) {
      return false;
    }
    int rest = prefix % Byte.SIZE;
    return rest == 0 || ((ours[whole] ^ theirs[whole]) & 0xff) >>> (Byte.SIZE - rest) == 0;
  }
}
