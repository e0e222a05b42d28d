package io.dragonfly.testkit;

import io.dragonfly.control.Advice;
import io.dragonfly.control.Assignment;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.TaskReport;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.DistributionException;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** One peer's part in one task of a {@link FakeSupernode}, whose lock guards it. */
final class FakeMember {
  private static final int MOST_ASSIGNED = 16;

  private final TaskId task;
  private final FakePublication content;
  private final BitSet has = new BitSet();
  private final BitSet assigned = new BitSet();
  private final Map<Integer, Integer> tries = new HashMap<>();
  private final List<Parent> described = new ArrayList<>();
  private PieceSpan wanted = PieceSpan.NONE;
  private int digestsKnown;
  private boolean lengthTold;
  private @Nullable Advice told;
  private int waitTold;
  private @Nullable DistributionException failure;
  private final List<Integer> toVerify = new ArrayList<>();
  private @Nullable DistributionException trouble;

  FakeMember(TaskId task, FakePublication content, BitSet holds) {
    this.task = task;
    this.content = content;
    has.or(holds);
    digestsKnown = content.digests().end();
  }

  BitSet has() {
    return has;
  }

  PieceSpan wanted() {
    return wanted;
  }

  void wantsAll() {
    wanted = PieceSpan.ALL;
  }

  void fail(DistributionException why) {
    failure = why;
  }

  void sourceFails(DistributionException why) {
    trouble = why;
  }

  void complain(int piece) {
    toVerify.add(piece);
  }

  void assignAgain() {
    assigned.stream()
        .filter(piece -> !has.get(piece))
        .forEach(piece -> tries.merge(piece, 1, Integer::sum));
    assigned.clear();
  }

  void report(TaskReport report) {
    wanted = report.wanted();
    digestsKnown = report.digestsKnown();
    report.withdrawn().forEach(has::clear);
    for (PieceResult result : report.results()) {
      if (result.outcome() == Outcome.DONE) {
        has.set(result.piece());
      } else {
        tries.merge(result.piece(), 1, Integer::sum);
        assigned.clear(result.piece());
      }
    }
  }

  /** Returns what is new, if something is. */
  Optional<TaskUpdate> update(boolean assigning, Advice advice, FakeSupernode.Wait wait) {
    if (failure != null) {
      return Optional.of(TaskUpdate.failed(task, failure));
    }
    OptionalLong length = lengthTold ? OptionalLong.empty() : content.lengthIfComplete();
    PieceDigests digests = newDigests();
    List<Parent> parents = new ArrayList<>();
    List<Assignment> assignments = new ArrayList<>();
    if (assigning) {
      assign(parents, assignments);
    }
    boolean news =
        length.isPresent()
            || digests.count() > 0
            || !assignments.isEmpty()
            || !advice.equals(told)
            || trouble != null
            || wait.number() != waitTold
            || !toVerify.isEmpty();
    if (!news) {
      return Optional.empty();
    }
    lengthTold |= length.isPresent();
    digestsKnown = Math.max(digestsKnown, digests.end());
    told = advice;
    waitTold = wait.number();
    List<Integer> found = List.copyOf(toVerify);
    toVerify.clear();
    Optional<DistributionException> why = Optional.ofNullable(trouble);
    trouble = null;
    return Optional.of(
        new TaskUpdate(
            task,
            TaskUpdate.State.ACTIVE,
            why,
            length,
            digests,
            parents,
            assignments,
            Optional.of(advice),
            found,
            wait.queued()));
  }

  private PieceDigests newDigests() {
    PieceDigests all = content.digests();
    if (digestsKnown >= all.end()) {
      return PieceDigests.NONE;
    }
    byte[] list = all.list();
    return new PieceDigests(
        digestsKnown, Arrays.copyOfRange(list, digestsKnown * PieceDigests.BYTES, list.length));
  }

  private void assign(List<Parent> parents, List<Assignment> assignments) {
    int end = Math.min(wanted.end(), content.digests().end());
    for (int piece = wanted.first(); piece < end; piece++) {
      if (assignments.size() == MOST_ASSIGNED) {
        return;
      }
      if (!has.get(piece) && !assigned.get(piece)) {
        Parent parent = content.parent(tries.getOrDefault(piece, 0));
        if (!described.contains(parent)) {
          described.add(parent);
          parents.add(parent);
        }
        assigned.set(piece);
        assignments.add(new Assignment(piece, 1, 1, parent.number()));
      }
    }
  }
}
