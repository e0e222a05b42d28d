package io.dragonfly.internal.transfer;

import io.dragonfly.error.DistributionException;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.home.CachedTask;
import io.dragonfly.home.FetchRecord;
import io.dragonfly.home.Removal;
import io.dragonfly.home.Verification;
import io.dragonfly.internal.history.History;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.TaskId;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the home directory holds, for its owner to see and to tidy. Safe for concurrent use. */
final class HomeView {
  private static final Logger LOG = LoggerFactory.getLogger(HomeView.class);
  private static final int BUFFER_BYTES = 1 << 20;

  /** So many damaged pieces of a task may be bad luck. */
  static final int MOST_DAMAGED = 3;

  private final Parts parts;
  private final Downloads downloads;
  private final History history;

  /** Damaged pieces, of tasks with fewer than {@link #MOST_DAMAGED} of them. */
  private final Map<TaskId, Integer> damaged = new ConcurrentHashMap<>();

  HomeView(Parts parts, Downloads downloads, History history) {
    this.parts = parts;
    this.downloads = downloads;
    this.history = history;
  }

  CompletableFuture<List<FetchRecord>> history() {
    return parts.io().call(history::records);
  }

  CompletableFuture<List<CachedTask>> tasks() {
    CompletableFuture<Set<TaskId>> used = new CompletableFuture<>();
    if (!parts.loop().tryExecute(() -> used.complete(downloads.inUse()))) {
      used.completeExceptionally(closed());
    }
    return used.thenCompose(inUse -> parts.io().call(() -> tasks(inUse)));
  }

  private List<CachedTask> tasks(Set<TaskId> inUse) throws IOException {
    Map<TaskId, FetchRecord> last = new HashMap<>();
    for (FetchRecord record : history.records()) {
      last.putIfAbsent(record.task(), record); // the latest comes first
    }
    return parts.storage().tasks().stream()
        .map(stored -> held(stored, inUse, Optional.ofNullable(last.get(stored.task().id()))))
        .toList();
  }

  private static CachedTask held(StoredTask stored, Set<TaskId> inUse, Optional<FetchRecord> last) {
    return new CachedTask(
        stored.task(),
        stored.pieces().cardinality(),
        inUse.contains(stored.task().id()),
        last.map(FetchRecord::url),
        last.map(record -> record.start().plus(record.time())));
  }

  CompletableFuture<Removal> remove(TaskId task) {
    CompletableFuture<Removal> result = new CompletableFuture<>();
    if (!parts.loop().tryExecute(() -> remove(task, result))) {
      result.completeExceptionally(closed());
    }
    return result;
  }

  /** Removes the whole tasks that nobody uses and nobody has used for longer than a time. */
  CompletableFuture<List<TaskId>> removeIdle(Duration time) {
    return tasks()
        .thenCompose(
            tasks -> {
              CompletableFuture<List<TaskId>> removed =
                  CompletableFuture.completedFuture(List.of());
              for (CachedTask held : tasks) {
                if (held.isComplete()
                    && parts.accesses().idle(held.task().id()).compareTo(time) > 0) {
                  removed = removed.thenCompose(list -> removeOne(held.task().id(), list));
                }
              }
              return removed;
            });
  }

  private CompletableFuture<List<TaskId>> removeOne(TaskId task, List<TaskId> before) {
    return remove(task)
        .thenApply(
            removal -> {
              List<TaskId> all = new ArrayList<>(before);
              if (removal == Removal.REMOVED) {
                all.add(task);
              }
              return all;
            });
  }

  private void remove(TaskId task, CompletableFuture<Removal> result) {
    if (downloads.inUse().contains(task)) {
      result.complete(Removal.IN_USE);
      return;
    }
    // Decided on the loop: a fetch that comes now makes the task anew, behind the deletion.
    CompletableFuture<Boolean> deleted = downloads.deleteHeld(task);
    parts
        .loop()
        .when(
            deleted.thenCompose(held -> parts.io().call(() -> forget(task, held))),
            result::complete,
            result::completeExceptionally);
  }

  private Removal forget(TaskId task, boolean held) throws IOException {
    history.forget(task);
    return held ? Removal.REMOVED : Removal.NOT_HELD;
  }

  /** Verifies a task's pieces; empty if it is not held. Stops between two pieces when told to. */
  CompletableFuture<Optional<Verification>> verify(TaskId task, AtomicBoolean stop) {
    return parts
        .io()
        .call(
            () -> {
              Optional<StoredTask> stored = parts.storage().find(task);
              return stored.isPresent()
                  ? Optional.of(verify(stored.get(), stop))
                  : Optional.empty();
            });
  }

  /**
   * Verifies pieces that others found wrong, in the background, and withdraws those that are. From
   * now on nobody is given them before that. After {@link #MOST_DAMAGED} of one task, all of its
   * pieces are verified.
   */
  void verifySoon(TaskId task, List<Integer> pieces) {
    parts.storage().find(task).ifPresent(stored -> pieces.forEach(stored::suspect));
    parts
        .loop()
        .when(
            parts.io().call(() -> verifyNow(task, pieces)),
            done -> {},
            failure ->
                LOG.warn("Task {} cannot be verified: {}", task.brief(), failure.toString()));
  }

  private boolean verifyNow(TaskId task, List<Integer> pieces) throws IOException {
    Optional<StoredTask> stored = parts.storage().find(task);
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    int bad = 0;
    for (int piece : pieces) {
      if (stored.isPresent() && stored.get().has(piece)) {
        if (!isGood(stored.get(), piece, buffer)) {
          LOG.warn("Task {}: piece {} was damaged on disk", task.brief(), piece);
          withdraw(stored.get(), piece);
          bad++;
        }
      }
    }
    if (stored.isPresent() && bad > 0 && damaged.merge(task, bad, Integer::sum) >= MOST_DAMAGED) {
      damaged.remove(task);
      LOG.warn("Task {}: many pieces are damaged, so all are verified", task.brief());
      var unused = verify(stored.get(), new AtomicBoolean());
    }
    return true;
  }

  private Verification verify(StoredTask stored, AtomicBoolean stop) throws IOException {
    List<Integer> bad = new ArrayList<>();
    int checked = 0;
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    for (int piece : stored.pieces().stream().toArray()) {
      if (stop.get()) {
        throw new FetchCancelledException("The verification was cancelled.");
      }
      if (!stored.has(piece)) {
        continue; // lost or removed meanwhile
      }
      checked++;
      if (!isGood(stored, piece, buffer)) {
        bad.add(piece);
        withdraw(stored, piece);
      }
    }
    return new Verification(stored.task().id(), checked, bad);
  }

  private static boolean isGood(StoredTask stored, int piece, ByteBuffer buffer) {
    PieceLayout layout = stored.task().layout();
    MessageDigest sha = Digest.newSha256();
    try (PieceRegion region = stored.region(layout.range(piece))) {
      for (long at = 0; at < region.length(); ) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), region.length() - at));
        int read = region.channel().read(buffer, region.position() + at);
        if (read < 0) {
          throw new EOFException("the file ends in the middle of a piece");
        }
        sha.update(buffer.flip());
        at += read;
      }
    } catch (IOException | DistributionException e) {
      LOG.warn(
          "Task {}: piece {} cannot be read: {}", stored.task().id().brief(), piece, e.toString());
      return false;
    }
    return stored.digest(piece).equals(Optional.of(Digest.of(sha)));
  }

  private void withdraw(StoredTask stored, int piece) throws IOException {
    try {
      stored.unseal(piece);
    } finally { // on a broken disk it may not be recorded
      parts.loop().execute(() -> downloads.pieceLost(stored.task().id(), piece));
    }
  }

  private static FetchCancelledException closed() {
    return new FetchCancelledException("The client was closed.");
  }
}
