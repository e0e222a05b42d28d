package io.dragonfly.internal.supernode;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.cdn.CdnListener;
import io.dragonfly.internal.cdn.Sources;
import io.dragonfly.internal.serve.StoredPieceService;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Passes on what happens in the CDN cache. */
record CdnEvents(
    Swarms swarms, Versions versions, StoredPieceService pieces, SupernodeListener listener)
    implements CdnListener {
  @Override
  public void passesOn(TaskId task) {
    swarms.passing().watch(task);
  }

  @Override
  public OptionalInt spare(TaskId task, Map<Integer, Duration> ages) {
    return swarms.passing().spare(task, ages);
  }

  @Override
  public void dropped(TaskId task, int piece) {
    swarms.lost(task, piece);
  }

  @Override
  public void started(Task task) {
    listener.readStarted(task);
  }

  @Override
  public void read(TaskId task, long bytes) {
    listener.read(task, bytes);
  }

  @Override
  public void asked(Optional<Exception> failure) {
    listener.asked(failure);
  }

  @Override
  public void brokeOff(TaskId task) {
    listener.readRetried(task);
  }

  @Override
  public void givenUp(TaskId task, long bytes) {
    swarms.soon(() -> listener.givenUp(task, bytes)); // foreign code, not under the cache's locks
  }

  @Override
  public void sealed(Task task, int piece, Digest digest) {
    pieces.sealed(task.id(), piece);
    swarms.sealed(task, piece, digest);
  }

  @Override
  public boolean isWanted(TaskId task) {
    return swarms.isWanted(task);
  }

  @Override
  public void evicted(TaskId task) {
    swarms.evicted(task);
  }

  @Override
  public void deleted(Task task) {
    versions.forget(task);
  }

  @Override
  public void lost(TaskId task, int piece) {
    listener.damaged(task, piece);
    swarms.lost(task, piece);
  }

  @Override
  public void completed(Task task, Optional<byte[]> content) {
    listener.readCompleted(task);
    versions.readEnded(task);
    swarms.completed(task, content);
  }

  @Override
  public void retried(TaskId task, DistributionException failure) {
    swarms.retried(task, failure);
  }

  @Override
  public void failed(TaskId task, DistributionException failure) {
    listener.readFailed(task, failure);
    if (Sources.isRefusedPlace(failure)) { // a redirect has led there
      listener.security(
          SecurityEvent.refused(
              SecurityEvent.Kind.SOURCE_ADDRESS_REFUSED,
              "",
              "",
              "task " + task.hex(),
              String.valueOf(failure.getMessage())));
    }
    pieces.ended(task);
    swarms
        .find(task)
        .ifPresent(
            swarm -> {
              forget(swarm.task(), failure);
              swarms.failed(swarm, failure);
            });
  }

  private void forget(Task task, DistributionException failure) {
    if (failure instanceof SourceChangedException || failure instanceof DigestMismatchException) {
      versions.wrong(task);
    } else if (!Versions.isShared(task)) {
      versions.forget(task);
    }
  }

  @Override
  public void stopped(TaskId task) {
    swarms.find(task).ifPresent(swarm -> versions.readEnded(swarm.task()));
    swarms.stopped(task);
  }

  @Override
  public Optional<Access> access(TaskId task, Set<String> refused) {
    return swarms.access(task, refused);
  }
}
