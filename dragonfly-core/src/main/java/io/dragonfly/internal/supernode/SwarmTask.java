package io.dragonfly.internal.supernode;

import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.cdn.CdnTask;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One task and those who take part in it: BEGINNING until the CDN cache is ready for it, then
 * started, until it is removed or has failed. {@link Swarms}' lock guards it, the futures aside.
 */
final class SwarmTask {
  private final TaskId id;
  private Task task;

  final PublishedDigests digests = new PublishedDigests();

  /** What the CDN cache has. */
  final BitSet cdnPieces = new BitSet();

  private final Map<PeerId, Member> members = new HashMap<>();
  private final List<Member> order = new ArrayList<>();

  /** Who may read the source should the supernode be lost, and who comes next. */
  private final Set<Member> readers = new LinkedHashSet<>();

  private final Set<Member> wouldRead = new LinkedHashSet<>();

  /** Members with pieces whose digests are not published yet. */
  final Set<Member> holdingBack = new LinkedHashSet<>();

  /** Credentials that the source is just asked about. */
  final Set<String> confirming = new HashSet<>();

  /** How many members want pieces, and since when none does. */
  int wanting;

  long idleNanos;

  /** Counts those who joined. */
  int joins;

  /** Where the search for contacts goes on. */
  int cursor;

  @Nullable CdnTask cdn;
  @Nullable DistributionException failure;
  boolean isStarted;
  boolean isRemoved;

  /** Whether it is looked for pieces that nobody has any more. */
  boolean isWatched;

  private final CompletableFuture<CdnTask> started = new CompletableFuture<>();
  private final CompletableFuture<Void> read = new CompletableFuture<>();

  SwarmTask(Task task) {
    this.id = task.id();
    this.task = task;
  }

  TaskId id() {
    return id;
  }

  Task task() {
    return task;
  }

  void learned(Task now) {
    task = now;
  }

  boolean isLengthKnown() {
    return task.layout().isLengthKnown();
  }

  /** Completes when the CDN cache is ready for the task. Complete it outside the lock. */
  CompletableFuture<CdnTask> started() {
    return started;
  }

  /** Returns what the CDN cache has of it, once it is ready for it. */
  Optional<CdnTask> cached() {
    return started.isCompletedExceptionally()
        ? Optional.empty()
        : Optional.ofNullable(started.getNow(null));
  }

  /** Completes when all is read. Complete it outside the lock. */
  CompletableFuture<Void> read() {
    return read;
  }

  Optional<Member> member(PeerId peer) {
    return Optional.ofNullable(members.get(peer));
  }

  /** Returns the members in an order that changes only as they come and go. Not to be changed. */
  List<Member> members() {
    return order;
  }

  void add(Member member) {
    members.put(member.id(), member);
    member.index = order.size();
    order.add(member);
    joins++;
  }

  void remove(Member member) {
    if (members.remove(member.id(), member)) {
      Member moved = order.remove(order.size() - 1);
      if (moved != member) {
        order.set(member.index, moved);
        moved.index = member.index;
      }
      holdingBack.remove(member);
    }
  }

  /**
   * A member begins or ceases to want pieces. Those who want some may read the source, should the
   * supernode be lost, as long as they are not too many.
   *
   * @return the member that may read the source from now on in this one's place, if there is one
   */
  Optional<Member> mayRead(Member member, boolean wants, int most) {
    if (wants) {
      if (readers.size() < most) {
        readers.add(member);
        member.mayRead = true;
      } else if (!readers.contains(member)) {
        wouldRead.add(member);
      }
      return Optional.empty();
    }
    wouldRead.remove(member);
    member.mayRead = false;
    if (!readers.remove(member) || wouldRead.isEmpty()) {
      return Optional.empty();
    }
    Member heir = wouldRead.iterator().next();
    wouldRead.remove(heir);
    readers.add(heir);
    heir.mayRead = true;
    return Optional.of(heir);
  }

  /**
   * Returns what else the source can be asked with, of those whose permission is valid; first of
   * those who want the task.
   */
  Optional<Access> access(Set<String> refused, Instant now) {
    Optional<Access> any = Optional.empty();
    for (Member member : order) {
      Optional<Access> access =
          member
              .permission()
              .filter(p -> p.isValid(now))
              .flatMap(Permission::access)
              .filter(a -> !refused.contains(a.fingerprint()));
      if (access.isPresent() && member.isWanting()) {
        return access;
      }
      any = any.or(() -> access);
    }
    return any;
  }
}
