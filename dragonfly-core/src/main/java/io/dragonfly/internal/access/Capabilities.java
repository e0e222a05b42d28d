package io.dragonfly.internal.access;

import io.dragonfly.peer.PeerId;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.OptionalLong;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes and checks capabilities: the right of one peer at one address to take one task from one
 * parent until a point of the supernode's time.
 *
 * <p>A capability is base64url over 8 bytes of expiry (seconds since 1970, big-endian) and the
 * first 16 bytes of an HMAC-SHA256 over expiry, task, taker and address. The key is the parent's
 * ({@link io.dragonfly.peer.PeerSecret#capabilityKey}); only the supernode has it too.
 */
public final class Capabilities {
  private static final int MAC_BYTES = 16;
  private static final int BYTES = Long.BYTES + MAC_BYTES;

  private Capabilities() {}

  /** Makes a capability. */
  public static String issue(
      byte[] parentKey, TaskId task, PeerId child, InetAddress address, Instant expires) {
    long seconds = expires.getEpochSecond();
    ByteBuffer out = ByteBuffer.allocate(BYTES).putLong(seconds);
    out.put(mac(parentKey, task, child, address, seconds));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(out.array());
  }

  /**
   * Returns when a capability expires, in seconds since 1970, if it is the parent's own for this
   * task, taker and address. Takes the same time wherever a wrong one differs.
   */
  public static OptionalLong expiry(
      byte[] parentKey, String capability, TaskId task, PeerId child, InetAddress address) {
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(capability);
    } catch (IllegalArgumentException e) {
      return OptionalLong.empty();
    }
    if (bytes.length != BYTES) {
      return OptionalLong.empty();
    }
    long seconds = ByteBuffer.wrap(bytes).getLong();
    byte[] expected = mac(parentKey, task, child, address, seconds);
    byte[] actual = Arrays.copyOfRange(bytes, Long.BYTES, BYTES);
    return MessageDigest.isEqual(expected, actual)
        ? OptionalLong.of(seconds)
        : OptionalLong.empty();
  }

  private static byte[] mac(
      byte[] key, TaskId task, PeerId child, InetAddress address, long seconds) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      mac.update(ByteBuffer.allocate(Long.BYTES).putLong(seconds).flip());
      mac.update(task.hex().getBytes(StandardCharsets.US_ASCII));
      mac.update(child.hex().getBytes(StandardCharsets.US_ASCII));
      mac.update(address.getAddress());
      return Arrays.copyOf(mac.doFinal(), MAC_BYTES);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no HmacSHA256", e);
    }
  }
}
