package io.dragonfly.internal.history;

import com.google.common.net.InetAddresses;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.Queued;
import io.dragonfly.error.DistributionException;
import io.dragonfly.fetch.FetchListener;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.home.FetchRecord;
import io.dragonfly.home.FetchStep;
import io.dragonfly.home.Provider;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Listens to fetches and gives the {@link History} a record of each at its end, to be written in
 * the background. Confined to the engine's loop, where all that it hears happens.
 */
public final class FetchRecorder extends FetchListener {
  private final History history;
  private final Executor background;
  private final Predicate<PeerId> isSupernode;
  private final LongSupplier nanoClock;
  private final Supplier<Instant> wallClock;

  /** By identity: one request may be started several times at once. */
  private final IdentityHashMap<FetchRequest, List<FetchDraft>> drafts = new IdentityHashMap<>();

  private final Map<TaskId, List<FetchDraft>> byTask = new HashMap<>();

  /**
   * A recorder for one engine.
   *
   * @param background runs what blocks on a disk
   * @param isSupernode tells whether pieces of this parent come from a CDN cache
   */
  public FetchRecorder(
      History history,
      Executor background,
      Predicate<PeerId> isSupernode,
      LongSupplier nanoClock,
      Supplier<Instant> wallClock) {
    this.history = history;
    this.background = background;
    this.isSupernode = isSupernode;
    this.nanoClock = nanoClock;
    this.wallClock = wallClock;
  }

  @Override
  public void started(FetchRequest request) {
    drafts
        .computeIfAbsent(request, r -> new ArrayList<>())
        .add(new FetchDraft(request, wallClock.get(), nanoClock.getAsLong()));
  }

  @Override
  public void registered(FetchRequest request, Task task) {
    drafts.getOrDefault(request, List.of()).stream()
        .filter(draft -> draft.task().isEmpty())
        .findFirst()
        .ifPresent(
            draft -> {
              draft.taskIs(task);
              byTask.computeIfAbsent(task.id(), id -> new ArrayList<>()).add(draft);
            });
  }

  @Override
  public void pieceTaken(Task task, int piece, Peer parent, long bytes, long nanos) {
    Provider provider = provider(parent);
    long now = nanoClock.getAsLong();
    ofTask(task, draft -> draft.taken(provider, piece, bytes, nanos, now));
  }

  @Override
  public void pieceRead(Task task, int piece, long bytes, long nanos) {
    long now = nanoClock.getAsLong();
    ofTask(task, draft -> draft.taken(draft.source(), piece, bytes, nanos, now));
  }

  @Override
  public void pieceFailed(Task task, int piece, Peer parent, Outcome outcome, String reason) {
    Provider provider = provider(parent);
    long now = nanoClock.getAsLong();
    ofTask(task, draft -> draft.notTaken(provider, piece, outcome, reason, now));
  }

  @Override
  public void pieceMoved(Task task, int piece, Peer from, Peer to, String reason) {
    Provider before = provider(from);
    Provider after = provider(to);
    long now = nanoClock.getAsLong();
    ofTask(task, draft -> draft.changed(before, after, reason, now));
  }

  @Override
  public void stalled(Task task, Duration time) {
    String text = "no byte came for %d s".formatted(time.toSeconds());
    ofTask(task, draft -> draft.happened(FetchStep.Kind.STALLED, text, nanoClock.getAsLong()));
  }

  @Override
  public void sourceRetried(Task task, String reason) {
    ofTask(
        task,
        draft -> draft.happened(FetchStep.Kind.SOURCE_RETRIED, reason, nanoClock.getAsLong()));
  }

  @Override
  public void backToSource(FetchRequest request, String reason) {
    ofRequest(request, FetchStep.Kind.BACK_TO_SOURCE, reason);
  }

  @Override
  public void queued(FetchRequest request, Queued queued, Duration time) {
    String text = queued.toString().replaceFirst("^queued: ", "");
    ofRequest(request, FetchStep.Kind.QUEUED, "%s, for %d s".formatted(text, time.toSeconds()));
  }

  @Override
  public void supernodeLost(FetchRequest request, String reason) {
    ofRequest(request, FetchStep.Kind.SUPERNODE_LOST, reason);
  }

  private void ofRequest(FetchRequest request, FetchStep.Kind kind, String reason) {
    for (FetchDraft draft : drafts.getOrDefault(request, List.of())) {
      draft.happened(kind, reason, nanoClock.getAsLong());
    }
  }

  @Override
  public void completed(FetchRequest request, FetchResult result) {
    FetchProgress bytes =
        new FetchProgress(
                OptionalLong.of(result.length()),
                result.bytesFromPeers(),
                result.bytesFromSupernode(),
                result.bytesFromSource(),
                result.bytesFromStore())
            .with(Optional.empty(), result.queuedTime(), Duration.ZERO);
    ended(request, bytes, Optional.empty());
  }

  /** A fetch failed or was cancelled, and came as far as this. */
  public void failed(FetchRequest request, DistributionException failure, FetchProgress progress) {
    ended(
        request,
        progress,
        Optional.of(new FetchRecord.Failure(failure.kind(), String.valueOf(failure.getMessage()))));
  }

  private void ended(
      FetchRequest request, FetchProgress bytes, Optional<FetchRecord.Failure> failure) {
    List<FetchDraft> all = drafts.get(request);
    if (all == null) {
      return;
    }
    FetchDraft draft = all.remove(0);
    if (all.isEmpty()) {
      drafts.remove(request);
    }
    draft
        .task()
        .ifPresent(
            task ->
                byTask.computeIfPresent(
                    task.id(),
                    (id, list) -> {
                      list.remove(draft);
                      return list.isEmpty() ? null : list;
                    }));
    draft
        .ended(bytes, failure, nanoClock.getAsLong())
        .ifPresent(
            record -> {
              history.add(record);
              background.execute(history::write);
            });
  }

  private void ofTask(Task task, Consumer<FetchDraft> event) {
    byTask.getOrDefault(task.id(), List.of()).forEach(event);
  }

  private Provider provider(Peer parent) {
    String address =
        InetAddresses.toUriString(parent.address().getAddress()) + ":" + parent.address().getPort();
    boolean supernode = isSupernode.test(parent.id());
    return new Provider(
        supernode ? Provider.Kind.SUPERNODE : Provider.Kind.PEER,
        parent.isReachable() ? address : "in this process",
        parent.zone());
  }
}
