package io.dragonfly.testkit;

import io.dragonfly.control.Advice;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.TaskReport;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.control.Terms;
import io.dragonfly.task.TaskId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One peer of a {@link FakeSupernode}, whose lock guards it. */
final class FakePeer {
  private final Map<TaskId, FakeMember> tasks = new LinkedHashMap<>();
  private final List<TaskId> unknown = new ArrayList<>();
  private @Nullable CompletableFuture<PollResponse> parked;
  private long answers;

  FakeMember join(TaskId task, FakePublication content, BitSet holds) {
    FakeMember member = new FakeMember(task, content, holds);
    tasks.put(task, member);
    return member;
  }

  void leave(TaskId task) {
    tasks.remove(task);
  }

  Optional<FakeMember> member(TaskId task) {
    return Optional.ofNullable(tasks.get(task));
  }

  void report(TaskReport report) {
    FakeMember member = tasks.get(report.task());
    if (member == null) {
      unknown.add(report.task());
    } else {
      member.report(report);
    }
  }

  /** Lets a poll wait, and returns what answers the one before. */
  Runnable park(CompletableFuture<PollResponse> poll, Terms terms) {
    Runnable replaced = answer(List.of(), terms);
    parked = poll;
    return replaced;
  }

  /** Returns what is new, and takes it for told; nothing if nobody waits for it. */
  List<TaskUpdate> updates(boolean assigning, Advice advice, FakeSupernode.Wait wait) {
    if (parked == null || parked.isDone()) {
      return List.of();
    }
    List<TaskUpdate> updates = new ArrayList<>();
    unknown.forEach(task -> updates.add(TaskUpdate.unknown(task)));
    unknown.clear();
    for (FakeMember member : tasks.values()) {
      member.update(assigning, advice, wait).ifPresent(updates::add);
    }
    updates.stream()
        .filter(update -> update.state() == TaskUpdate.State.FAILED)
        .forEach(update -> tasks.remove(update.task()));
    return updates;
  }

  /** Returns what answers the poll that waits, if there is one. */
  Runnable answer(List<TaskUpdate> updates, Terms terms) {
    CompletableFuture<PollResponse> poll = parked;
    parked = null;
    if (poll == null) {
      return () -> {};
    }
    PollResponse answer = new PollResponse(++answers, updates, terms);
    return () -> poll.complete(answer);
  }

  /** Forgets the poll that waits: it gets no answer. */
  void drop() {
    parked = null;
  }
}
