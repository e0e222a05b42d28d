package io.dragonfly.internal.transfer.intake;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.Transport;
import io.dragonfly.task.Digest;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One piece on its way from one parent: received, verified, sealed. Confined to the loop, except
 * for the sink's methods, which the transport calls. Once started it ends exactly once, with an
 * {@link End}, unless it is cancelled.
 */
public final class PieceDownload implements PieceSink {
  /** Within twice its patience at least so much must come. */
  static final int LITTLE_BYTES = 1 << 10;

  /**
   * Which piece from whom.
   *
   * @param piece its number
   * @param parent who gives it
   * @param request the question to the parent
   * @param digest what the piece must have, if that is known; else the whole file must prove it
   */
  public record Order(int piece, Parent parent, PieceRequest request, Optional<Digest> digest) {}

  /**
   * How a take ended.
   *
   * @param outcome how
   * @param reason why, in words
   * @param failure what kept the piece from being stored, if that was it
   */
  public record End(Outcome outcome, String reason, @Nullable Throwable failure) {
    private End(Outcome outcome, String reason) {
      this(outcome, reason, null);
    }
  }

  private final DownloadContext lane;
  private final EventLoop loop;
  private final Order order;
  private final FirstByte race;
  private final boolean overNetwork;
  private final PieceIntake intake;
  private final BiConsumer<PieceDownload, End> onEnd;

  private volatile Transport.@Nullable Take running;
  private Timers.@Nullable Timer watch;
  private Duration patience;
  private long startNanos;
  private long startActiveNanos;
  private int pauses;
  private boolean started;
  private boolean ended;

  /** When it had last brought more than a little, in active time, and how much it had brought. */
  private long markNanos;

  private long markBytes;

  private volatile boolean deaf;
  private volatile boolean complete;
  private volatile @Nullable Digest found;
  private volatile long lastByteNanos;
  private volatile long lastByteActiveNanos;

  /**
   * A take that is not started.
   *
   * @param race is won by the first of the piece's takes that gets a byte
   * @param patience how long the parent may give no byte before the take ends, in active time
   * @param onEnd is told the end, on the loop
   */
  public PieceDownload(
      DownloadContext lane,
      Order order,
      FirstByte race,
      Duration patience,
      BiConsumer<PieceDownload, End> onEnd) {
    this.lane = lane;
    this.loop = lane.engine().loop();
    this.order = order;
    this.race = race;
    this.overNetwork = lane.engine().child().isOverNetwork(order.parent().peer().id());
    this.intake = lane.intake(order.piece(), order.request().range());
    this.onEnd = onEnd;
    this.patience = patience;
  }

  /** Returns which piece from whom. */
  public Order order() {
    return order;
  }

  /** Returns how long the parent may give no byte. */
  public Duration patience() {
    return patience;
  }

  /** Returns nanoseconds from the start to the last byte. */
  public long nanos() {
    return Math.max(0, lastByteNanos - startNanos);
  }

  /**
   * Returns the digest of what came, if all came and nobody had told which one it should have: then
   * the piece is written, and not sealed.
   */
  public Optional<Digest> unproven() {
    return order.digest().isPresent() ? Optional.empty() : Optional.ofNullable(found);
  }

  /** Tells whether it no longer waits for its start. */
  public boolean isStarted() {
    return started;
  }

  /** Tells whether it was cancelled or has ended. */
  public boolean isEnded() {
    return ended;
  }

  /** Returns the number of bytes that have come. */
  public long received() {
    return intake.received();
  }

  /** Starts. */
  public void start() {
    startNanos = loop.nanos();
    lastByteNanos = startNanos;
    startActiveNanos = loop.activeNanos();
    lastByteActiveNanos = startActiveNanos;
    markNanos = startActiveNanos;
    started = true;
    try {
      running = lane.engine().child().take(order.request(), this);
    } catch (RuntimeException e) {
      failed(new PieceDownloadException(Outcome.UNREACHABLE, "the transport fails: " + e, e));
    }
    watchAfter(patience);
  }

  /** Gives the parent this long without a byte from now on, for there is another to ask. */
  public void hurry(Duration shorter) {
    patience = shorter;
    if (watch != null) {
      watch.cancel();
      watchAfter(shorter);
    }
  }

  private void watchAfter(Duration delay) {
    watch = loop.after(delay, this::watch);
  }

  private void watch() {
    if (ended || complete) {
      return;
    }
    long idle = pauses > 0 ? 0 : loop.activeNanos() - lastByteActiveNanos;
    if (idle >= patience.toNanos()) {
      end(new End(Outcome.STALLED, "no byte came for " + patience.toMillis() + " ms"));
    } else if (trickles()) {
      end(new End(Outcome.STALLED, "next to nothing came for " + 2 * patience.toMillis() + " ms"));
    } else {
      watchAfter(patience.minusNanos(idle));
    }
  }

  /** A byte now and then is no progress: it would keep the piece for hours. */
  private boolean trickles() {
    long now = loop.activeNanos();
    if (pauses > 0 || received() - markBytes >= LITTLE_BYTES) {
      mark(now);
    }
    return now - markNanos >= 2 * patience.toNanos();
  }

  private void mark(long now) {
    markNanos = now;
    markBytes = received();
  }

  /** Tells whether it has gone on for longer than this and has brought next to nothing. */
  public boolean trickledFor(Duration time) {
    return started
        && pauses == 0
        && received() < LITTLE_BYTES
        && loop.activeNanos() - startActiveNanos >= time.toNanos();
  }

  @Override
  public void received(ByteBuffer data) {
    int bytes = data.remaining();
    long pause = lane.throttle().take(bytes, overNetwork); // what nobody wants any more came too
    if (deaf) {
      return;
    }
    if (!race.isWonBy(this)) {
      deaf = true;
      loop.execute(() -> end(new End(Outcome.DROPPED, "another parent was faster")));
      return;
    }
    intake.add(data);
    lastByteNanos = loop.nanos();
    lastByteActiveNanos = loop.activeNanos();
    lane.onBytes().accept(bytes);
    if (pause > 0) {
      pauseAtOnce();
      loop.execute(() -> pauseFor(lane.throttle().new Pause(pause, overNetwork, loop.nanos())));
    }
    if (lane.engine().pool().isEmpty()) {
      intake.flush();
      loop.execute(() -> pauseUntil(lane.engine().pool().room(lane.stored().task().id())));
    }
  }

  /** By the time that the loop hears of it much more would have come. */
  private void pauseAtOnce() {
    Transport.Take now = running;
    if (now != null) {
      now.pause();
    }
  }

  private void pauseFor(Throttle.Pause pause) {
    pause();
    waitFor(pause);
  }

  private void waitFor(Throttle.Pause pause) {
    Duration left = pause.left(loop.nanos());
    if (left.isZero()) {
      resume();
    } else if (!ended) {
      var unused =
          loop.after(
              left,
              () -> {
                lane.onBytes().accept(0); // the bytes would come, it is this side that waits
                waitFor(pause);
              });
    }
  }

  private void pauseUntil(CompletableFuture<Void> room) {
    pause();
    loop.when(room, done -> resume(), failed -> resume());
  }

  private void pause() {
    if (pauses++ == 0 && running != null && !ended) {
      running.pause();
    }
  }

  private void resume() {
    if (--pauses == 0 && running != null && !ended) {
      lastByteActiveNanos = loop.activeNanos();
      mark(lastByteActiveNanos);
      running.resume();
    }
  }

  @Override
  public void completed() {
    if (deaf) {
      return;
    }
    if (intake.missing() > 0) {
      failed(new PieceDownloadException(Outcome.UNREACHABLE, "the answer ended too early"));
      return;
    }
    complete = true;
    Digest digest = intake.finish();
    found = digest;
    Digest expected = order.digest().orElse(digest);
    if (!digest.equals(expected)) {
      String reason = "the bytes have " + digest + " instead of " + expected;
      loop.execute(() -> end(new End(Outcome.DIGEST_MISMATCH, reason)));
      return;
    }
    // What is sealed may be uploaded, and is trusted after a restart.
    loop.when(
        order.digest().isPresent() ? intake.seal(digest) : intake.keep(),
        done -> end(new End(Outcome.DONE, "")),
        failure -> end(new End(Outcome.DROPPED, "not stored: " + failure, failure)));
  }

  @Override
  public void failed(PieceDownloadException failure) {
    loop.execute(() -> end(new End(failure.outcome(), String.valueOf(failure.getMessage()))));
  }

  private void end(End end) {
    if (!ended) {
      stop(end.outcome() == Outcome.DONE);
      onEnd.accept(this, end);
    }
  }

  /** Ends the take without a word. */
  public void cancel() {
    if (!ended) {
      stop(false);
    }
  }

  private void stop(boolean done) {
    ended = true;
    deaf = true;
    if (watch != null) {
      watch.cancel();
    }
    if (!done) {
      intake.abandon();
      race.leave(this);
    }
    if (running != null && !complete) {
      running.cancel();
    }
  }
}
