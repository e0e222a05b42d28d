package io.dragonfly.internal.supernode;

import io.dragonfly.control.Assignment;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.Push;
import io.dragonfly.control.Queued;
import io.dragonfly.control.Revoked;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.control.Terms;
import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.access.ChildAddresses;
import io.dragonfly.internal.preheat.PushedFile;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.TaskId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What an answer will say, gathered under the lock. What costs time, capabilities and tickets, is
 * made when it is issued, outside.
 *
 * @param number the answer's number
 * @param child the peer that gets the response
 * @param addresses the addresses with which the child downloads
 * @param tasks what is new about tasks that go on
 * @param ended what is new about others
 * @param preheats files that the child should fetch
 * @param revoked capabilities that the taker is to refuse
 */
record ResponseDraft(
    long number,
    PeerId child,
    ChildAddresses addresses,
    List<TaskDraft> tasks,
    List<TaskUpdate> ended,
    List<PushedFile> preheats,
    List<Revoked> revoked,
    Terms terms) {

  /** What is new about one task. */
  record TaskDraft(
      TaskId task,
      OptionalLong length,
      PieceDigests digests,
      List<ParentDraft> parents,
      List<Assignment> assignments,
      Optional<FallbackPeers.Draft> advice,
      Optional<DistributionException> trouble,
      List<Integer> toVerify,
      Optional<Queued> queued) {

    /** A task of which nothing is new but what it waits for. */
    static TaskDraft queued(TaskId task, Queued wait) {
      return new TaskDraft(
          task,
          OptionalLong.empty(),
          PieceDigests.NONE,
          List.of(),
          List.of(),
          Optional.empty(),
          Optional.empty(),
          List.of(),
          Optional.of(wait));
    }

    TaskUpdate issue(PeerId child, ChildAddresses addresses) {
      return new TaskUpdate(
          task,
          TaskUpdate.State.ACTIVE,
          trouble,
          length,
          digests,
          parents.stream().map(p -> p.issue(task, child, addresses)).toList(),
          assignments,
          advice.map(a -> a.issue(task, child, addresses)),
          toVerify,
          queued);
    }
  }

  PollResponse issue() {
    List<TaskUpdate> updates = new ArrayList<>(ended);
    tasks.forEach(draft -> updates.add(draft.issue(child, addresses)));
    Instant expires = terms.now().plus(SupernodeSettings.PUSH_LIFE);
    List<Push> pushes = preheats.stream().map(file -> file.issue(child, expires)).toList();
    return new PollResponse(number, updates, pushes, revoked, terms);
  }
}
