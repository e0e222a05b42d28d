package io.dragonfly.internal.supernode;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.cdn.Sources;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends permissions, or has the source confirm them before they end, each with its member's own
 * credentials. Members of a task with the same credentials share a question. A source that refuses
 * ends the member's part in the task. One that cannot say leaves it as it is, and is asked again in
 * a minute: a download does not end because its source is down. Safe for concurrent use; {@code
 * state} is the lock.
 */
final class Permissions {
  private static final Logger log = LoggerFactory.getLogger(Permissions.class);

  /** A source that could not say whether a permission holds is asked again after this time. */
  static final Duration AGAIN = Duration.ofMinutes(1);

  private final SwarmState state;
  private final SupernodeExecutors executors;
  private final BiFunction<TaskKey, Access, CompletableFuture<Void>> confirm;
  private final Consumer<TaskId> confirmed;
  private final Runnable changed;
  private final Consumer<SecurityEvent> security;

  /**
   * Permissions of all members.
   *
   * @param confirm asks the source whether it still gives a content; does not block
   * @param confirmed is told of tasks whose source can be read with a member's credentials again
   * @param changed is run after each change of the state, without the lock
   * @param security is told of members whose source refuses, without the lock
   */
  Permissions(
      SwarmState state,
      SupernodeExecutors executors,
      BiFunction<TaskKey, Access, CompletableFuture<Void>> confirm,
      Consumer<TaskId> confirmed,
      Runnable changed,
      Consumer<SecurityEvent> security) {
    this.state = state;
    this.executors = executors;
    this.confirm = confirm;
    this.confirmed = confirmed;
    this.changed = changed;
    this.security = security;
  }

  /**
   * Looks after the permissions of a peer that calls. Call it with the lock.
   *
   * @return what is to be done without the lock
   */
  List<Runnable> check(Session session) {
    Instant now = executors.clock().instant();
    List<Member> due = new ArrayList<>();
    for (Member member : session.wanting) {
      if (member.isPermissionDue(now)) {
        due.add(member);
      }
    }
    List<Runnable> probes = new ArrayList<>();
    for (Member member : due) {
      Permission permission = member.permission().orElseThrow();
      if (permission.byTicket()) {
        // Its next report names a task in which it may not take: it registers again.
        state.permissionEnded(member);
      } else {
        Access access = permission.access().orElseThrow();
        if (member.task.confirming.add(access.fingerprint())) {
          probes.add(() -> ask(member.task, access));
        }
      }
    }
    return probes;
  }

  private void ask(SwarmTask task, Access access) {
    CompletableFuture<Void> answer;
    try {
      answer = confirm.apply(task.task().key(), access);
    } catch (RuntimeException | Error e) {
      answer = CompletableFuture.failedFuture(e); // else nobody would ever ask again
    }
    Continuations.whenDone(answer, (done, failure) -> answered(task, access, failure));
  }

  private void answered(SwarmTask task, Access access, @Nullable Throwable failure) {
    Optional<DistributionException> refusal = Optional.empty();
    List<Member> refused = new ArrayList<>();
    synchronized (state) {
      task.confirming.remove(access.fingerprint());
      if (failure instanceof DistributionException typed && isRefusal(typed)) {
        refusal = Optional.of(typed);
      }
      Instant now = executors.clock().instant();
      for (Member member : membersWith(task, access)) {
        if (failure == null) {
          member.permitted(Permission.bySource(access, now));
        } else if (member.isPermissionDue(now)) {
          if (refusal.isPresent()) {
            state.refuse(member, refusal.get());
            refused.add(member);
          } else {
            member.confirmLater(now.plus(AGAIN));
          }
        }
      }
    }
    if (failure == null) {
      confirmed.accept(task.id());
    } else if (refusal.isPresent()) {
      log.info(
          "task {}: the source gives it no longer to {} of its peers: {}",
          task.id().brief(),
          refused.size(),
          failure.getMessage());
      String why = String.valueOf(failure.getMessage());
      refused.forEach(member -> security.accept(ended(member, why)));
    } else {
      log.warn(
          "task {}: the source does not say whether a peer may still have it, so the peer goes on:"
              + " {}",
          task.id().brief(),
          failure.getMessage());
    }
    changed.run();
  }

  private static SecurityEvent ended(Member member, String why) {
    return SecurityEvent.refused(
        SecurityEvent.Kind.PERMISSION_ENDED,
        member.id().hex(),
        SecurityEvent.text(member.session.address()),
        "task " + member.task.id().hex(),
        why);
  }

  private static List<Member> membersWith(SwarmTask task, Access access) {
    return task.members().stream()
        .filter(
            member ->
                member
                    .permission()
                    .filter(p -> !p.byTicket())
                    .flatMap(Permission::access)
                    .filter(own -> own.fingerprint().equals(access.fingerprint()))
                    .isPresent())
        .toList();
  }

  /**
   * Tells whether a source has said no, and would say the same to a registration. Nothing else ends
   * a download that goes on, such as a full disk of this supernode.
   */
  private static boolean isRefusal(DistributionException failure) {
    return failure instanceof AccessRefusedException
        || failure instanceof ContentNotFoundException
        || failure instanceof CallRefusedException
        || (failure instanceof SourceFailedException answer && Sources.isFinal(answer));
  }
}
