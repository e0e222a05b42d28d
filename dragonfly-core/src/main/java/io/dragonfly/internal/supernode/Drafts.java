package io.dragonfly.internal.supernode;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.Queued;
import io.dragonfly.control.Revoked;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.control.Terms;
import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.preheat.PushedFile;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.spi.Scheduler.Plan;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.TaskId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Gathers what there is to say to a peer. {@link Swarms}' lock guards it. */
final class Drafts {
  private final Scheduler scheduler;
  private final Queues queues;
  private final Function<PeerId, @Nullable Holder> holders;

  /**
   * Drafts with the plans of a scheduler.
   *
   * @param queues tells what tasks wait for
   * @param holders finds the peers that it names, and the CDN cache
   */
  Drafts(Scheduler scheduler, Queues queues, Function<PeerId, @Nullable Holder> holders) {
    this.scheduler = scheduler;
    this.queues = queues;
    this.holders = holders;
  }

  /**
   * Gathers what there is to say, and counts it as said.
   *
   * @param unknown tasks that the peer named and takes no part in
   * @return empty if there is nothing
   */
  Optional<ResponseDraft> draft(Session session, List<TaskId> unknown, Terms terms) {
    List<Plan> plans = scheduler.assign(session.id(), SupernodeSettings.MOST_ASSIGNED);
    Map<Member, List<Plan>> subjects = new LinkedHashMap<>();
    for (Plan plan : plans) {
      Member member = session.members.get(plan.task());
      if (member != null) {
        subjects.computeIfAbsent(member, m -> new ArrayList<>()).add(plan);
      }
    }
    session.news.removeAll(subjects.keySet());
    takeNews(session, subjects);
    Map<Member, Queued> queued = queues.of(session, subjects);
    if (subjects.isEmpty()
        && unknown.isEmpty()
        && !isNews(queued)
        && session.failures.isEmpty()
        && session.preheats.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(draft(session, plans, subjects, queued, unknown, terms));
  }

  /** Takes as much of the news as goes into one answer; the rest is for the next ones. */
  private static void takeNews(Session session, Map<Member, List<Plan>> subjects) {
    int tasks = 0;
    int digests = 0;
    for (Member member : List.copyOf(session.news)) {
      if (!member.isNamed) {
        continue;
      }
      int unknown = Math.max(0, member.task.digests.published() - member.digestsKnown);
      digests += Math.min(unknown, SupernodeSettings.MOST_DIGESTS);
      if (tasks == SupernodeSettings.MOST_NEWS
          || (tasks > 0 && digests > SupernodeSettings.MOST_NEWS_DIGESTS)) {
        return;
      }
      subjects.put(member, List.of());
      session.news.remove(member);
      tasks++;
    }
  }

  /** A new wait with a place is worth an answer; any other is told with the next one. */
  private static boolean isNews(Map<Member, Queued> queued) {
    return queued.entrySet().stream()
        .anyMatch(wait -> wait.getValue().hasPlace() && !wait.getKey().isQueuedTold);
  }

  /** Returns an answer that says nothing but what tasks wait for. */
  ResponseDraft nothing(Session session, Terms terms) {
    Map<Member, Queued> queued = queues.of(session, Map.of());
    return draft(session, List.of(), Map.of(), queued, List.of(), terms);
  }

  private ResponseDraft draft(
      Session session,
      List<Plan> plans,
      Map<Member, List<Plan>> subjects,
      Map<Member, Queued> queued,
      List<TaskId> unknown,
      Terms terms) {
    session.wanting.forEach(
        member -> {
          Queued wait = queued.get(member);
          member.isQueuedTold = wait != null && wait.hasPlace();
        });
    Map<Member, Integer> digestsBefore = new HashMap<>();
    List<ResponseDraft.TaskDraft> tasks = new ArrayList<>();
    subjects.forEach(
        (member, itsPlans) -> {
          digestsBefore.put(member, member.digestsKnown);
          tasks.add(draft(member, itsPlans, Optional.ofNullable(queued.get(member)), terms.now()));
        });
    queued.forEach(
        (member, wait) -> {
          if (!subjects.containsKey(member)) {
            tasks.add(ResponseDraft.TaskDraft.queued(member.task.id(), wait));
          }
        });
    List<TaskUpdate> ended = new ArrayList<>();
    unknown.forEach(task -> ended.add(TaskUpdate.unknown(task)));
    session.failures.forEach((task, failure) -> ended.add(TaskUpdate.failed(task, failure)));
    List<PushedFile> preheats = acceptPreheats(session);
    List<Revoked> revoked = takeRevoked(session);
    Session.Sent sent =
        new Session.Sent(plans, digestsBefore, Map.copyOf(session.failures), preheats, revoked);
    session.failures.clear();
    long number = session.sending(sent);
    return new ResponseDraft(
        number, session.id(), session.addresses(), tasks, ended, preheats, revoked, terms);
  }

  private static List<Revoked> takeRevoked(Session session) {
    List<Revoked> taken = new ArrayList<>();
    while (taken.size() < SupernodeSettings.MOST_REVOKED && !session.revoked.isEmpty()) {
      taken.add(session.revoked.removeFirst());
    }
    return taken;
  }

  private static List<PushedFile> acceptPreheats(Session session) {
    List<PushedFile> taken = new ArrayList<>();
    while (taken.size() < SupernodeSettings.MOST_PREHEATS && !session.preheats.isEmpty()) {
      taken.add(session.preheats.removeFirst());
    }
    return taken;
  }

  private ResponseDraft.TaskDraft draft(
      Member member, List<Plan> plans, Optional<Queued> queued, Instant now) {
    List<ParentDraft> parents = new ArrayList<>();
    AssignmentLines lines = new AssignmentLines();
    for (Plan plan : plans) {
      Holder holder = holders.apply(plan.parent());
      if (holder == null) {
        // No scheduler of ours does that. Said to be unreachable, the piece is planned elsewhere.
        PieceResult gone = new PieceResult(plan.piece(), plan.parent(), Outcome.UNREACHABLE, 0);
        scheduler.reported(plan.task(), member.id(), gone);
      } else {
        member.parents.draft(holder, member.session.addresses(), now).ifPresent(parents::add);
        lines.add(plan.piece(), member.parents.number(plan.parent()));
      }
    }
    return new ResponseDraft.TaskDraft(
        member.task.id(),
        length(member),
        digests(member),
        parents,
        lines.lines(),
        member.mayTake(now) ? FallbackPeers.news(member, now) : Optional.empty(),
        trouble(member),
        toVerify(member),
        queued);
  }

  /** Once is enough here, too: who finds the piece wrong says so again. */
  private static List<Integer> toVerify(Member member) {
    List<Integer> pieces = List.copyOf(member.toVerify);
    member.toVerify.clear();
    return pieces;
  }

  /** Once is enough: should the answer get lost, the next failure is told. */
  private static Optional<DistributionException> trouble(Member member) {
    Optional<DistributionException> trouble = Optional.ofNullable(member.trouble);
    member.trouble = null;
    return trouble;
  }

  private static OptionalLong length(Member member) {
    if (member.lengthTold || !member.task.isLengthKnown()) {
      return OptionalLong.empty();
    }
    member.lengthTold = true;
    return member.task.task().layout().length();
  }

  private static PieceDigests digests(Member member) {
    PieceDigests digests =
        member.task.digests.from(member.digestsKnown, SupernodeSettings.MOST_DIGESTS);
    member.digestsKnown += digests.count();
    return digests;
  }
}
