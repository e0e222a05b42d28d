package io.dragonfly.transport.http.internal.reach;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.task.Trust;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The TLS of each {@link Trust} that was used last. Connections are shared by those who have the
 * same. Safe for concurrent use.
 */
public final class Trusts {
  private static final int KNOWN = 64;

  @GuardedBy("this")
  private final Map<Trust, SourceTls> known = new LinkedHashMap<>(16, 0.75f, true);

  /** None is known yet. */
  public Trusts() {}

  /**
   * Returns how https connections are checked; empty for the platform's way.
   *
   * @throws io.dragonfly.error.SourceFailedException if a CA certificate cannot be read
   */
  public synchronized Optional<SourceTls> tls(Trust trust) {
    if (trust.equals(Trust.PLATFORM)) {
      return Optional.empty();
    }
    SourceTls tls = known.get(trust);
    if (tls == null) {
      tls = SourceTls.of(trust);
      known.put(trust, tls);
      if (known.size() > KNOWN) {
        known.remove(known.keySet().iterator().next());
      }
    }
    return Optional.of(tls);
  }
}
