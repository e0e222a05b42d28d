package io.dragonfly.internal.supernode;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.task.Digest;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The known versions of each content. Which version a registration gets follows from the source's
 * answer to it. A version that has neither a strong validator nor a digest is for those alone who
 * have the same credentials and learn of the same length, while it is read and shortly after. Safe
 * for concurrent use.
 */
final class Versions {
  private static final int MOST_WRONG = 10_000;

  private final Duration unvalidatedTtl;
  private final LongSupplier nanos;
  private final Supplier<String> nonces;

  /** Versions that turned out to be no more: a ticket for one is worth nothing. */
  private final Cache<TaskId, Boolean> wrong =
      CacheBuilder.newBuilder().maximumSize(MOST_WRONG).build();

  @GuardedBy("this")
  private final Map<TaskKey, Map<TaskId, Known>> byKey = new HashMap<>();

  /** One version. */
  private static final class Known {
    final Task task;

    /** Whose version it is; absent if it is everybody's. */
    final @Nullable String owner;

    @Nullable Long endedNanos;

    Known(Task task, @Nullable String owner) {
      this.task = task;
      this.owner = owner;
    }
  }

  /**
   * No version yet.
   *
   * @param nonces tells readings apart that nothing else does
   */
  Versions(Duration unvalidatedTtl, LongSupplier nanos, Supplier<String> nonces) {
    this.unvalidatedTtl = unvalidatedTtl;
    this.nanos = nanos;
    this.nonces = nonces;
  }

  /** Tells whether a source's task can be the same for everybody who gets the same answer. */
  static boolean isShared(Task task) {
    return task.version().isStrong() || task.digest().isPresent();
  }

  /** Adds a version that an earlier process has read. */
  synchronized void recovered(Task task) {
    add(task, null);
  }

  /** Tells whether a registration may get a version that is there already. */
  synchronized boolean isKnown(TaskKey key, String fingerprint) {
    return byKey.getOrDefault(key, Map.of()).values().stream()
        .anyMatch(known -> known.owner == null || isOpenTo(known, fingerprint));
  }

  /** Returns the version that an answer of the source names: one that is there, or a new one. */
  synchronized Task resolve(
      TaskKey key, SourceVersion version, Optional<Digest> digest, String fingerprint) {
    // A personal version is the same for whoever asks with the same credentials.
    boolean isTheirs = version.isStrong() && version.personal();
    Task task = Task.of(key, version, digest, isTheirs ? fingerprint : nonces.get());
    if (isShared(task)) {
      return add(task, null);
    }
    return byKey.getOrDefault(key, Map.of()).values().stream()
        .filter(known -> isOpenTo(known, fingerprint))
        .filter(known -> known.task.version().length().equals(version.length()))
        .filter(known -> known.task.version().admits(version))
        .map(known -> known.task)
        .findFirst()
        .orElseGet(() -> add(task, fingerprint));
  }

  private boolean isOpenTo(Known known, String fingerprint) {
    Long ended = known.endedNanos;
    return fingerprint.equals(known.owner)
        && (ended == null || nanos.getAsLong() - ended <= unvalidatedTtl.toNanos());
  }

  @GuardedBy("this")
  private Task add(Task task, @Nullable String owner) {
    return byKey
        .computeIfAbsent(task.key(), key -> new LinkedHashMap<>())
        .computeIfAbsent(task.id(), id -> new Known(task, owner))
        .task;
  }

  /** The source is not read any more for this version. */
  synchronized void readEnded(Task task) {
    Known known = byKey.getOrDefault(task.key(), Map.of()).get(task.id());
    if (known != null && known.endedNanos == null) {
      known.endedNanos = nanos.getAsLong();
    }
  }

  /** A version is not there any more. */
  synchronized void forget(Task task) {
    Map<TaskId, Known> versions = byKey.getOrDefault(task.key(), new HashMap<>());
    versions.remove(task.id());
    if (versions.isEmpty()) {
      byKey.remove(task.key());
    }
  }

  /** A version turned out not to be what the source has, or what was asked for. */
  void wrong(Task task) {
    wrong.put(task.id(), true);
    forget(task);
  }

  /** Tells whether {@link #wrong} was said of a version. */
  boolean isWrong(TaskId id) {
    return wrong.getIfPresent(id) != null;
  }
}
