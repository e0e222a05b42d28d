package io.dragonfly.internal.serve;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.Revoked;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.internal.access.ShownCapabilities;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.PieceService;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the pieces of a {@link Storage} to who has a capability for them. Who asks for a piece that
 * is not there yet waits for it, {@link #PIECE_PATIENCE} at most; then, or at once if the piece is
 * there, for a free slot, until {@link #WHOLE_PATIENCE} after the question. Slots go to the tasks
 * in turn, and to the children of one task in turn. So neither a task nor a child with many
 * requests delays the single request of another.
 *
 * <p>Safe for concurrent use; no method waits for a disk, since a transport's event loops call
 * them. Bytes that are not known to be in memory are read ahead on threads of this class, at most
 * {@link UploadSlots#MOST} pieces at once, and bytes that may be damaged are verified on another.
 * The futures complete on the thread that seals a piece, closes a region, runs the timer, or reads:
 * what is hung on them must not block.
 */
public final class StoredPieceService implements PieceService, AutoCloseable {
  /** How long an ask waits for its piece: a parent may be named before it has the piece. */
  static final Duration PIECE_PATIENCE = Duration.ofSeconds(2);

  /**
   * How long an ask waits in all. Shorter than the time after which a taker calls a silent parent
   * stalled: who is still in line then is told so, which is no fault of the parent.
   */
  static final Duration WHOLE_PATIENCE = Duration.ofSeconds(4);

  /** More asks than this never wait at once: what they cost in memory is bounded. */
  static final int MOST_WAITING = 4096;

  private static final Logger log = LoggerFactory.getLogger(StoredPieceService.class);

  private final Storage storage;
  private final ShownCapabilities capabilities;
  private final Supplier<Instant> supernodeTime;
  private final RateLimiter uploads;
  private final LongSupplier nanoClock;
  private final ScheduledExecutorService timer;

  /** Set while this thread hands out slots, so that a region closed at once does not recurse. */
  private final ThreadLocal<Boolean> handingOut = ThreadLocal.withInitial(() -> false);

  /** Read pieces that are not in memory. Each holds a slot, which bounds them. */
  private final IoThreads readers = new IoThreads("dragonfly-read-ahead");

  /** Reads pieces that somebody may have changed; who closes, seals and asks shall not wait. */
  private final IoThreads verifier = IoThreads.single("dragonfly-verify");

  private final Object lock = new Object();

  @GuardedBy("lock")
  private final PendingRequests asks = new PendingRequests(MOST_WAITING);

  @GuardedBy("lock")
  private final UploadSlots slots;

  /** Set while somebody in line waits for a slot that is lent in place of a slow taker's. */
  @GuardedBy("lock")
  private @Nullable Future<?> lending;

  /** Who is served, and what that takes up meanwhile. */
  private record Turn(PendingRequest ask, UploadSlots.Slot slot) {}

  private volatile Function<TaskId, Optional<StoredTask>> elsewhere = task -> Optional.empty();
  private volatile BiConsumer<TaskId, Integer> withdrawn = (task, piece) -> {};
  private volatile ObjLongConsumer<TaskId> given = (task, bytes) -> {};
  private volatile Consumer<SecurityEvent> security = event -> {};

  /**
   * A service of a store's pieces.
   *
   * @param storage where the pieces are; stays its owner's
   * @param capabilities checks what takers show; its owner sets the keys
   * @param supernodeTime the supernode's time, which capabilities expire in
   * @param uploads the limiter of all that is sent
   * @param slots how many regions are out at once, beside those of slow takers
   * @param nanoClock monotonic nanoseconds, as {@link System#nanoTime} has them
   * @param timer ends waits; stays its owner's, and outlives this service
   */
  public StoredPieceService(
      Storage storage,
      ShownCapabilities capabilities,
      Supplier<Instant> supernodeTime,
      RateLimiter uploads,
      int slots,
      LongSupplier nanoClock,
      ScheduledExecutorService timer) {
    this.storage = storage;
    this.capabilities = capabilities;
    this.supernodeTime = supernodeTime;
    this.uploads = uploads;
    this.nanoClock = nanoClock;
    this.timer = timer;
    this.slots = new UploadSlots(slots);
  }

  /**
   * Sets who is told of a piece that turned out, when it was to be given, to be no longer what was
   * sealed. Called on any thread; must not block.
   */
  public void onWithdrawn(BiConsumer<TaskId, Integer> listener) {
    withdrawn = listener;
  }

  /**
   * Sets what also has tasks, and is asked before the store: tasks that are passed on, whose pieces
   * go when others have them. That is no fault of this parent.
   */
  public void alsoGives(Function<TaskId, Optional<StoredTask>> tasks) {
    elsewhere = tasks;
  }

  private Optional<StoredTask> find(TaskId task) {
    return elsewhere.apply(task).or(() -> storage.find(task));
  }

  /** Sets who is told of the bytes that go out. Called on any thread; must not block. */
  public void onGiven(ObjLongConsumer<TaskId> listener) {
    given = listener;
  }

  /** Sets who is told of capabilities that are refused. Called on any thread; must not block. */
  public void onRefused(Consumer<SecurityEvent> listener) {
    security = listener;
  }

  /** Refuses capabilities from now on. */
  public void revoke(Revoked revoked) {
    capabilities.revoke(revoked.task(), revoked.child(), revoked.expires());
  }

  @Override
  public CompletableFuture<Given> give(Ask ask) {
    boolean allowed =
        capabilities.isValid(
            ask.capability(), ask.task(), ask.child(), ask.from(), supernodeTime.get());
    if (!allowed) {
      String why = "the capability is not valid for this task, child, address and time";
      security.accept(
          SecurityEvent.refused(
              SecurityEvent.Kind.CAPABILITY_REFUSED,
              ask.child().hex(),
              SecurityEvent.text(ask.from()),
              "task " + ask.task().hex(),
              why));
      return refused(why);
    }
    return give(ask.task(), Optional.of(ask.child()), ask.range());
  }

  /**
   * Gives bytes inside this process, without a capability; waits like {@link #give}.
   *
   * @param range bytes that lie in one piece
   */
  public CompletableFuture<Given> giveLocally(TaskId task, ByteRange range) {
    return give(task, Optional.empty(), range);
  }

  private CompletableFuture<Given> give(TaskId task, Optional<PeerId> child, ByteRange range) {
    Optional<StoredTask> stored = find(task);
    if (stored.isPresent() && !liesInOnePiece(stored.get(), range)) {
      return refused("bytes " + range + " do not lie in one piece");
    }
    PendingRequest ask = new PendingRequest(task, child, range);
    Continuations.whenDone(ask.future(), (given, failure) -> forget(ask));
    PendingRequests.Admission admission;
    synchronized (lock) {
      admission = asks.add(ask);
    }
    switch (admission) {
      case ADDED -> start(ask);
      case FULL -> ask.fail(Outcome.NOT_YET, "too many wait here");
      case CLOSED -> ask.fail(Outcome.REFUSED, "this parent has stopped");
    }
    return ask.future();
  }

  private void start(PendingRequest ask) {
    // Looked up once more only now that the ask waits: whichever of this and sealed() comes second
    // sees the other, so no wake-up gets lost.
    if (find(ask.task()).filter(stored -> isSealed(stored, ask.range())).isPresent()) {
      ready(List.of(ask));
    }
    if (!ask.future().isDone()) {
      expireAfter(ask, PIECE_PATIENCE);
    }
  }

  @Override
  public RateLimiter uploads() {
    return uploads;
  }

  /** Tells that a piece has been sealed: asks that wait for it go on. */
  public void sealed(TaskId task, int piece) {
    Optional<StoredTask> stored = find(task);
    if (stored.isEmpty()) {
      return;
    }
    List<PendingRequest> waiting;
    synchronized (lock) {
      waiting = asks.waitingForPieceOf(task);
    }
    // An ask that came before its task was known here, or before the length was, is checked now.
    for (PendingRequest ask : waiting) {
      if (!liesInOnePiece(stored.get(), ask.range())) {
        ask.fail(Outcome.REFUSED, "bytes " + ask.range() + " do not lie in one piece");
      }
    }
    PieceLayout layout = stored.get().task().layout();
    if (layout.isPiece(piece)) {
      ByteRange bytes = layout.range(piece);
      ready(waiting.stream().filter(ask -> bytes.contains(ask.range())).toList());
    }
  }

  /** Returns how many wait for a piece, or for others to be served first. */
  public int waiting() {
    synchronized (lock) {
      return asks.waiting();
    }
  }

  /** Tells that a task is no longer served: asks for it are refused. */
  public void ended(TaskId task) {
    List<PendingRequest> gone;
    synchronized (lock) {
      gone = asks.removeAllOf(task);
    }
    gone.forEach(ask -> ask.fail(Outcome.REFUSED, "the task has ended"));
  }

  /** Refuses those who wait and all who come later. Regions that are out stay readable. */
  @Override
  public void close() {
    List<PendingRequest> gone;
    synchronized (lock) {
      gone = asks.close();
      lendLater();
    }
    gone.forEach(ask -> ask.fail(Outcome.REFUSED, "this parent has stopped"));
    readers.close();
    verifier.close();
  }

  private void ready(List<PendingRequest> ready) {
    synchronized (lock) {
      ready.forEach(asks::moveToLine);
    }
    handOutSlots();
  }

  private void handOutSlots() {
    if (handingOut.get()) {
      return; // the loop further down this stack goes on
    }
    handingOut.set(true);
    try {
      for (Turn next = takeTurn(); next != null; next = takeTurn()) {
        serve(next);
      }
    } finally {
      handingOut.remove();
    }
  }

  /** Takes a slot and the request whose turn it is; null if there are not both. */
  private @Nullable Turn takeTurn() {
    synchronized (lock) {
      UploadSlots.Slot slot = asks.isAnyInLine() ? slots.take(nanoClock.getAsLong()) : null;
      PendingRequest ask = slot == null ? null : asks.takeNext();
      if (slot == null || ask == null) {
        lendLater();
        return null;
      }
      return new Turn(ask, slot);
    }
  }

  /** Sees to it that the line goes on, also if no taker is done. */
  @GuardedBy("lock")
  private void lendLater() {
    if (!asks.isAnyInLine()) {
      if (lending != null) {
        lending.cancel(false);
        lending = null;
      }
      return;
    }
    long nanos = slots.nanosUntilFree(nanoClock.getAsLong());
    if (lending == null && nanos < Long.MAX_VALUE) {
      try {
        lending = timer.schedule(this::lend, Math.max(1, nanos), TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        log.debug("the timer has ended: slots are lent no more");
      }
    }
  }

  private void lend() {
    synchronized (lock) {
      lending = null;
    }
    handOutSlots();
  }

  private void free(UploadSlots.Slot slot) {
    synchronized (lock) {
      slots.free(slot, nanoClock.getAsLong());
    }
    handOutSlots();
  }

  private void serve(Turn turn) {
    ByteRange range = turn.ask().range();
    if (find(turn.ask().task()).filter(stored -> stored.isCold(range)).isPresent()) {
      serveOn(readers, turn, () -> serveCold(turn));
    } else {
      serveWarm(turn);
    }
  }

  private void serveOn(IoThreads threads, Turn turn, Runnable serving) {
    try {
      threads.execute(serving);
    } catch (RejectedExecutionException e) {
      free(turn.slot());
      turn.ask().fail(Outcome.REFUSED, "this parent has stopped");
    }
  }

  private void serveCold(Turn turn) {
    PendingRequest ask = turn.ask();
    Optional<StoredTask> stored = find(ask.task());
    if (stored.isPresent() && !ask.future().isDone()) {
      try {
        stored.get().readAhead(ask.range());
      } catch (IOException | RuntimeException e) {
        cannotServe(turn, e);
        return;
      }
    }
    serveWarm(turn);
  }

  /**
   * Serves bytes that are in memory, on the thread that is there: often an event loop. A file that
   * is complete is looked at (lstat) twice then, by isSuspect and again by region, which checks for
   * any caller. That is accepted, since it takes some microseconds of a piece that takes longer to
   * send, and does not wait for the disk: the file is open, so the system has its inode in memory.
   * Another thread would cost more, and a look now and then would give what was damaged meanwhile.
   */
  private void serveWarm(Turn turn) {
    ByteRange range = turn.ask().range();
    if (find(turn.ask().task()).filter(stored -> stored.isSuspect(range)).isPresent()) {
      serveOn(verifier, turn, () -> serveNow(turn));
    } else {
      serveNow(turn);
    }
  }

  private void serveNow(Turn turn) {
    PendingRequest ask = turn.ask();
    try {
      StoredTask stored =
          find(ask.task()).orElseThrow(() -> new IOException("there is no such task"));
      OptionalLong total = stored.task().layout().length();
      PieceRegion region = open(stored, ask.range()).onClose(() -> free(turn.slot()));
      given.accept(ask.task(), ask.range().length());
      if (!ask.future().complete(new Given(region, total))) {
        region.close(); // cancelled in the meantime
      }
    } catch (IOException | RuntimeException e) {
      cannotServe(turn, e);
    }
  }

  private void cannotServe(Turn turn, Exception e) {
    PendingRequest ask = turn.ask();
    if (elsewhere.apply(ask.task()).isPresent()) {
      // It was there when the ask came, and has been passed on to others meanwhile.
      free(turn.slot());
      ask.fail(Outcome.NOT_YET, "the piece is no longer here, peers have it");
      return;
    }
    log.warn("cannot give bytes {} of task {}: {}", ask.range(), ask.task().brief(), e.toString());
    free(turn.slot());
    ask.future()
        .completeExceptionally(
            new PieceDownloadException(Outcome.REFUSED, "the piece is not there", e));
  }

  private PieceRegion open(StoredTask stored, ByteRange range) throws IOException {
    try {
      return stored.region(range);
    } catch (IOException e) {
      int piece = stored.task().layout().pieceAt(range.start());
      if (!stored.has(piece)) {
        withdrawn.accept(stored.task().id(), piece);
      }
      throw e;
    }
  }

  private void expireAfter(PendingRequest ask, Duration patience) {
    try {
      ask.endsBy(timer.schedule(() -> expire(ask), patience.toMillis(), TimeUnit.MILLISECONDS));
    } catch (RejectedExecutionException e) {
      ask.fail(Outcome.REFUSED, "this parent has stopped");
    }
  }

  private void expire(PendingRequest ask) {
    if (ask.extendOnce()) {
      expireAfter(ask, WHOLE_PATIENCE.minus(PIECE_PATIENCE));
    } else if (find(ask.task()).isEmpty()) {
      ask.fail(Outcome.REFUSED, "there is no such task");
    } else {
      ask.fail(Outcome.NOT_YET, "the piece is not there yet, or others come first");
    }
  }

  private void forget(PendingRequest ask) {
    ask.cancelTimer();
    synchronized (lock) {
      asks.remove(ask);
      lendLater();
    }
  }

  private static boolean liesInOnePiece(StoredTask stored, ByteRange range) {
    PieceLayout layout = stored.task().layout();
    long piece = range.start() / layout.pieceLength();
    return range.length() > 0
        && piece < PieceLayout.MAX_PIECES
        && layout.isPiece((int) piece)
        && layout.range((int) piece).contains(range);
  }

  private static boolean isSealed(StoredTask stored, ByteRange range) {
    return liesInOnePiece(stored, range)
        && stored.has(stored.task().layout().pieceAt(range.start()));
  }

  private static CompletableFuture<Given> refused(String why) {
    return CompletableFuture.failedFuture(new PieceDownloadException(Outcome.REFUSED, why));
  }
}
