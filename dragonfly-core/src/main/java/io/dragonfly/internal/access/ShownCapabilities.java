package io.dragonfly.internal.access;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Checks the capabilities that one parent is shown. It shares a key with each of its supernodes. A
 * taker shows the same one for each piece, so those that were right are remembered until they
 * expire. Safe for concurrent use.
 */
public final class ShownCapabilities {
  /** More takers than a parent gives to at a time. */
  private static final int MOST_REMEMBERED = 256;

  /**
   * More than leave one parent within the life of a capability; those for whom it is longest go.
   */
  private static final int MOST_REVOKED = 10_000;

  /** By the supernode that shares it, which makes capabilities with it. */
  private final Map<String, byte[]> keys = new ConcurrentHashMap<>();

  /** Counts the changes of keys: what was right before one is checked again. */
  private final AtomicInteger changes = new AtomicInteger();

  private final Cache<Holder, Right> remembered =
      CacheBuilder.newBuilder().maximumSize(MOST_REMEMBERED).build();

  /** Until when revoked capabilities would be valid, in seconds since 1970, by whose they are. */
  private final Cache<Owner, Long> revoked =
      CacheBuilder.newBuilder().maximumSize(MOST_REVOKED).build();

  private record Holder(TaskId task, PeerId child, InetAddress address) {}

  private record Owner(TaskId task, PeerId child) {}

  private record Right(String capability, long expires, int change) {
    boolean is(String shown, int now) {
      return change == now
          && MessageDigest.isEqual(
              capability.getBytes(StandardCharsets.UTF_8), shown.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
      return "a capability until " + expires;
    }
  }

  /** No capability is right before there is a key. */
  public ShownCapabilities() {}

  /** The capabilities that were made with this key. */
  public ShownCapabilities(byte[] parentKey) {
    setKey("", parentKey);
  }

  /**
   * Accepts what is made with a key from now on, instead of with the one before of the same
   * supernode: capabilities from that one are refused.
   *
   * @param supernode the name of the supernode that the parent shares the key with
   */
  public void setKey(String supernode, byte[] key) {
    keys.put(supernode, key.clone());
    changes.incrementAndGet();
  }

  /**
   * Tells whether a capability is the parent's own, for this task, taker and address, and has
   * neither expired nor been revoked. Takes the same time wherever a wrong one differs.
   */
  public boolean isValid(
      String capability, TaskId task, PeerId child, InetAddress address, Instant now) {
    Holder holder = new Holder(task, child, address);
    int change = changes.get(); // before the keys are looked at
    Right right = remembered.getIfPresent(holder);
    if (right == null || !right.is(capability, change)) {
      OptionalLong expires = expiry(capability, task, child, address);
      if (expires.isEmpty()) {
        return false;
      }
      right = new Right(capability, expires.getAsLong(), change);
      remembered.put(holder, right);
    }
    return now.getEpochSecond() < right.expires() && !isRevoked(task, child, right.expires());
  }

  private OptionalLong expiry(String capability, TaskId task, PeerId child, InetAddress address) {
    return keys.values().stream()
        .map(key -> Capabilities.expiry(key, capability, task, child, address))
        .filter(OptionalLong::isPresent)
        .findFirst()
        .orElseGet(OptionalLong::empty);
  }

  private boolean isRevoked(TaskId task, PeerId child, long expires) {
    Long until = revoked.getIfPresent(new Owner(task, child));
    return until != null && expires <= until;
  }

  /** Refuses from now on what the taker was given for a task and expires by then. */
  public void revoke(TaskId task, PeerId child, Instant expires) {
    revoked.asMap().merge(new Owner(task, child), expires.getEpochSecond(), Math::max);
  }
}
