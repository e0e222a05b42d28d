package io.dragonfly.internal.supernode;

import io.dragonfly.control.Queued;
import io.dragonfly.internal.cdn.CdnTask;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.task.PieceSpan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Tells what the tasks of a peer wait for. {@link Swarms}' lock guards it. */
final class Queues {
  private final Scheduler scheduler;
  private final BooleanSupplier isUploadLimited;

  /**
   * The queues of a supernode.
   *
   * @param isUploadLimited tells whether the rate limit of the supernode's uploads is reached
   */
  Queues(Scheduler scheduler, BooleanSupplier isUploadLimited) {
    this.scheduler = scheduler;
    this.isUploadLimited = isUploadLimited;
  }

  /**
   * Returns the tasks that a peer wants and waits for, and what each of them waits for.
   *
   * @param assigned what the peer is assigned just now: such a task does not wait
   */
  Map<Member, Queued> of(Session session, Map<Member, List<Scheduler.Plan>> assigned) {
    Map<Member, Queued> queued = new LinkedHashMap<>();
    for (Member member : session.wanting) {
      if (queued.size() == SupernodeSettings.MOST_QUEUED) {
        break;
      }
      if (member.isNamed && assigned.getOrDefault(member, List.of()).isEmpty()) {
        of(member).ifPresent(wait -> queued.put(member, wait));
      }
    }
    return queued;
  }

  private Optional<Queued> of(Member member) {
    SwarmTask task = member.task;
    PieceSpan wanted = member.wanted();
    int lacking = member.has.nextClearBit(wanted.first());
    if (lacking < Math.min(wanted.end(), task.digests.published())) {
      Optional<Queued> uplink = scheduler.uplinkQueue(task.id(), member.id()).map(this::uplink);
      if (uplink.isPresent() || task.cdnPieces.get(lacking)) {
        return uplink;
      }
    }
    return Optional.ofNullable(task.cdn).flatMap(CdnTask::queued);
  }

  private Queued uplink(Scheduler.QueuePlace place) {
    Queued.Reason reason =
        isUploadLimited.getAsBoolean() ? Queued.Reason.LIMIT : Queued.Reason.UPLINK;
    return new Queued(reason, place.place(), place.length());
  }
}
