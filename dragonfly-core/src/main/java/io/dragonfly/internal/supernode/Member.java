package io.dragonfly.internal.supernode;

import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.PieceSpan;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One peer's part in one task. {@link Swarms}' lock guards it. */
final class Member {
  final Session session;
  final SwarmTask task;
  final Parents parents = new Parents();

  /** What it has, but others cannot verify yet, since the digests are not published. */
  final BitSet heldBack = new BitSet();

  /** What others can take from it, as far as it has said. */
  final BitSet has = new BitSet();

  /** Pieces that others complain of, until it is told. */
  final Set<Integer> toVerify = new TreeSet<>();

  /** The right to take; absent for who only offers. */
  private @Nullable Permission permission;

  /** When the permission is to be confirmed, or ends. */
  private Instant permissionDue = Instant.MAX;

  /** What the peer wants, and what of it the scheduler was told. */
  private PieceSpan wanted = PieceSpan.NONE;

  private PieceSpan announced = PieceSpan.NONE;

  /**
   * Whether the peer has spoken of the task since it registered. Before that nothing is said about
   * it: the answer to an earlier call could be there before the registration's, and then the peer
   * would not know what it is about.
   */
  boolean isNamed;

  /** How many digests the peer has, or will have with the answer on its way. */
  int digestsKnown;

  boolean lengthTold;

  /** Why the source is read again, until that is told. */
  @Nullable DistributionException trouble;

  /** Whether the last answer said that the task is queued. */
  boolean isQueuedTold;

  /** The last advice, and what would make it stale. */
  List<PeerId> contacts = List.of();

  Instant contactsRenew = Instant.MIN;
  boolean mayRead;
  boolean adviceTold;
  int swarmSeen;

  /** Where it stands among the members of its task. */
  int index;

  Member(Session session, SwarmTask task) {
    this.session = session;
    this.task = task;
  }

  PeerId id() {
    return session.id();
  }

  Optional<Permission> permission() {
    return Optional.ofNullable(permission);
  }

  /** Returns what the source may be asked with; empty for who only offers, or was pushed. */
  Optional<Access> access() {
    return permission().flatMap(Permission::access);
  }

  /** It may take from now on; for as long as the longer one says, if it could before. */
  void permitted(Permission given) {
    if (permission == null || !permission.covers(given)) {
      permission = given;
      permissionDue = given.due(id());
    }
  }

  /** Tells whether the permission is to be confirmed, or ends. */
  boolean isPermissionDue(Instant now) {
    return !now.isBefore(permissionDue);
  }

  /** The source could not say whether the permission holds. */
  void confirmLater(Instant when) {
    permissionDue = when;
  }

  /** It may not take any more. */
  void permissionEnded() {
    permission = null;
    permissionDue = Instant.MAX;
  }

  /**
   * Tells whether it may take. Who wants pieces may go on while the source cannot say whether the
   * permission still holds, but does not begin to want some then.
   */
  boolean mayTake(Instant now) {
    return permission != null && (isWanting() || permission.isValid(now));
  }

  PieceSpan wanted() {
    return wanted;
  }

  boolean isWanting() {
    return !wanted.isEmpty();
  }

  void want(PieceSpan span) {
    wanted = span;
  }

  /** Returns what the scheduler is to be told that the peer wants: as far as digests can go. */
  PieceSpan announceable() {
    long limit = (long) digestsKnown + SupernodeSettings.MOST_DIGESTS;
    int end = (int) Math.min(wanted.end(), limit);
    return end <= wanted.first() ? PieceSpan.NONE : new PieceSpan(wanted.first(), end);
  }

  /**
   * Returns what the scheduler is to be told now, if that is worth it: a window that follows the
   * digests is moved half its length at a time.
   */
  Optional<PieceSpan> toAnnounce() {
    PieceSpan now = announceable();
    boolean isFar =
        announced.end() - digestsKnown > SupernodeSettings.MOST_DIGESTS / 2
            && announced.first() == now.first()
            && announced.end() < now.end()
            && now.end() < wanted.end();
    if (now.equals(announced) || isFar) {
      return Optional.empty();
    }
    announced = now;
    return Optional.of(now);
  }

  /** Returns what the scheduler was told last that the peer wants. */
  PieceSpan announced() {
    return announced;
  }

  void announce(PieceSpan span) {
    announced = span;
  }

  /** Tells whether another peer was named to this one, as a parent or for when all else fails. */
  boolean wasTold(PeerId other) {
    return parents.number(other) >= 0 || contacts.contains(other);
  }

  /** An answer got lost: says again what it said. */
  void sayAgain(int digestsBefore) {
    digestsKnown = Math.min(digestsKnown, digestsBefore);
    lengthTold = false;
    adviceTold = false;
    parents.forget();
    session.news.add(this);
  }
}
