package io.dragonfly.internal.cdn;

import static org.awaitility.Awaitility.await;

import io.dragonfly.error.DistributionException;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Writes down what it is told of one task. */
final class RecordingListener implements CdnListener {
  private final Map<Integer, Digest> sealed = new LinkedHashMap<>();
  private final List<Integer> lost = new ArrayList<>();
  private final Set<TaskId> wanted = new HashSet<>();
  private final List<TaskId> evicted = new ArrayList<>();
  private final List<TaskId> deleted = new ArrayList<>();
  private final List<Access> offered = new ArrayList<>();
  private Optional<byte[]> content = Optional.empty();
  private boolean completed;
  private int retried;
  private boolean stopped;
  private DistributionException failure;
  private Runnable onSealed = () -> {};

  @Override
  public void sealed(Task task, int piece, Digest digest) {
    Runnable once;
    synchronized (this) {
      sealed.put(piece, digest);
      once = onSealed;
      onSealed = () -> {};
    }
    once.run();
  }

  @Override
  public synchronized boolean isWanted(TaskId task) {
    return wanted.contains(task);
  }

  @Override
  public synchronized void evicted(TaskId task) {
    evicted.add(task);
  }

  @Override
  public synchronized void deleted(Task task) {
    deleted.add(task.id());
  }

  synchronized void want(TaskId task) {
    wanted.add(task);
  }

  synchronized void unwant(TaskId task) {
    wanted.remove(task);
  }

  synchronized List<TaskId> evicted() {
    return List.copyOf(evicted);
  }

  synchronized List<TaskId> deleted() {
    return List.copyOf(deleted);
  }

  @Override
  public synchronized void lost(TaskId task, int piece) {
    lost.add(piece);
  }

  @Override
  public synchronized void completed(Task task, Optional<byte[]> small) {
    completed = true;
    content = small;
  }

  @Override
  public synchronized void retried(TaskId task, DistributionException why) {
    retried++;
  }

  synchronized int retried() {
    return retried;
  }

  @Override
  public synchronized void failed(TaskId task, DistributionException why) {
    failure = why;
  }

  @Override
  public synchronized void stopped(TaskId task) {
    stopped = true;
  }

  @Override
  public synchronized Optional<Access> access(TaskId task, Set<String> refused) {
    return offered.stream().filter(a -> !refused.contains(a.fingerprint())).findFirst();
  }

  synchronized void offer(Access... accesses) {
    offered.addAll(Arrays.asList(accesses));
  }

  synchronized void onSealed(Runnable once) {
    onSealed = once;
  }

  synchronized void clear() {
    sealed.clear();
    lost.clear();
    completed = false;
    stopped = false;
    failure = null;
  }

  synchronized List<Integer> sealed() {
    return List.copyOf(sealed.keySet());
  }

  synchronized Digest digest(int piece) {
    return sealed.get(piece);
  }

  synchronized List<Integer> lost() {
    return List.copyOf(lost);
  }

  synchronized Optional<byte[]> content() {
    return content;
  }

  synchronized Optional<DistributionException> failure() {
    return Optional.ofNullable(failure);
  }

  synchronized boolean isCompleted() {
    return completed;
  }

  synchronized boolean isStopped() {
    return stopped;
  }

  void awaitCompleted() {
    await().until(this::isCompleted);
  }

  void awaitStopped() {
    await().until(this::isStopped);
  }

  DistributionException awaitFailure() {
    await().until(() -> failure().isPresent());
    return failure().orElseThrow();
  }
}
