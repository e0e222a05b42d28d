package io.dragonfly.internal.supernode;

import com.google.common.base.Ticker;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import io.dragonfly.control.Revoked;
import io.dragonfly.peer.PeerId;
import java.time.Instant;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Has parents refuse the capabilities of members that have left, are refused by their source, or
 * are isolated. Peers are told with their next answer; the CDN cache refuses at once. {@link
 * Swarms}' lock guards it.
 */
final class Revocations {
  private final PeerId cdn;
  private final Consumer<Revoked> cdnRefuses;
  private final SupernodeExecutors executors;

  /** Peers some of whose capabilities were revoked while they may have been in use. */
  private final Cache<PeerId, Boolean> concerned;

  /**
   * Nothing is revoked yet.
   *
   * @param cdnRefuses has the CDN cache refuse capabilities; does not block
   */
  Revocations(PeerId cdn, Consumer<Revoked> cdnRefuses, SupernodeExecutors executors) {
    this.cdn = cdn;
    this.cdnRefuses = cdnRefuses;
    this.executors = executors;
    this.concerned =
        CacheBuilder.newBuilder()
            .maximumSize(Budgets.MOST_PEERS)
            .expireAfterWrite(SupernodeSettings.CAPABILITY_LIFE)
            .ticker(
                new Ticker() {
                  @Override
                  public long read() {
                    return executors.nanos().getAsLong();
                  }
                })
            .build();
  }

  /**
   * Revokes what a member was given.
   *
   * @param sessions finds the parents that are still there
   */
  void revoke(Member member, Function<PeerId, @Nullable Session> sessions) {
    Instant now = executors.clock().instant();
    member
        .parents
        .revoke(now)
        .forEach(
            (parent, expires) -> {
              concerned.put(member.id(), true);
              Revoked revoked = new Revoked(member.task.id(), member.id(), expires);
              Session session = sessions.apply(parent);
              if (parent.equals(cdn)) {
                cdnRefuses.accept(revoked);
              } else if (session != null) {
                session.revoke(revoked);
              }
            });
  }

  /** Tells whether a peer may be refused for no fault of its parents: it had to leave lately. */
  boolean isConcerned(PeerId child) {
    return concerned.getIfPresent(child) != null;
  }
}
