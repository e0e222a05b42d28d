package io.dragonfly.testkit;

import io.dragonfly.control.Outcome;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceService;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * A take of a {@link FakeTransport}. All but the flags is confined to the transport's loop, which
 * hands over one chunk at a time, so that a pause or a cancel comes between two of them.
 */
final class FakeTake implements Transport.Take {
  private static final int CHUNK = 64 << 10;

  private final FakeTransport transport;
  private final PieceRequest request;
  private final PieceSink sink;
  private final Runnable onBreak = () -> breakOff("the parent closed the connection");
  private volatile boolean paused;
  private volatile boolean over;

  // On the loop only.
  private Optional<Fault> fault = Optional.empty();
  private @Nullable FakeServer server;
  private @Nullable CompletableFuture<PieceService.Given> asked;
  private PieceService.@Nullable Given given;
  private long delivered;
  private boolean pumping;

  FakeTake(FakeTransport transport, PieceRequest request, PieceSink sink) {
    this.transport = transport;
    this.request = request;
    this.sink = sink;
  }

  PeerId parent() {
    return request.parent().id();
  }

  void start() {
    fault = transport.network().started(this, request);
    long delay = fault.map(f -> f.delay().toNanos()).orElse(0L);
    transport.executeLater(this::ask, delay);
  }

  private void ask() {
    if (over || asked != null || stalls() || endsByFault()) {
      return;
    }
    Optional<FakeServer> found = transport.network().serverAt(request.parent().address());
    if (found.isEmpty() || !found.get().connect(onBreak)) {
      fail(new PieceDownloadException(Outcome.UNREACHABLE, "nothing listens at " + where()));
      return;
    }
    server = found.get();
    asked =
        server
            .request()
            .pieces()
            .give(
                new PieceService.Ask(
                    request.task(),
                    request.range(),
                    request.child(),
                    FakeNetwork.seenFrom(request.local()),
                    request.capability()));
    asked.whenComplete((got, failure) -> onAnswer(got, failure));
  }

  private void onAnswer(PieceService.@Nullable Given got, @Nullable Throwable failure) {
    if (got == null) {
      transport.execute(() -> fail(asPieceDownloadException(failure)));
      return;
    }
    if (over) {
      got.region().close();
      return;
    }
    transport.execute(() -> accept(got));
  }

  private void accept(PieceService.Given got) {
    given = got;
    if (over) {
      release();
    } else if (got.region().length() != request.range().length()) {
      fail(new PieceDownloadException(Outcome.REFUSED, "the parent has another range"));
    } else if (contradicts(request.total(), got.total())) {
      fail(new PieceDownloadException(Outcome.REFUSED, "the parent has another total length"));
    } else {
      pump();
    }
  }

  private static boolean contradicts(OptionalLong wanted, OptionalLong got) {
    return wanted.isPresent() && got.isPresent() && wanted.getAsLong() != got.getAsLong();
  }

  /** Hands over the next chunk, and comes back for the one after. */
  private void pump() {
    pumping = false;
    if (over || given == null || stalls() || endsByFault()) {
      return;
    }
    long length = request.range().length();
    if (delivered == length) {
      end();
      sink.completed();
      return;
    }
    if (paused || server == null) {
      return;
    }
    int count = (int) Math.min(CHUNK, Math.min(length, faultAt(length)) - delivered);
    ByteBuffer chunk = ByteBuffer.allocate(count);
    try {
      read(chunk, given);
    } catch (IOException e) {
      fail(new PieceDownloadException(Outcome.UNREACHABLE, "the parent cannot read the piece", e));
      return;
    }
    delivered += count;
    sink.received(chunk);
    pumping = true;
    transport.executeLater(this::pump, server.request().pieces().uploads().take(count));
  }

  private void read(ByteBuffer chunk, PieceService.Given from) throws IOException {
    long position = from.region().position() + delivered;
    while (chunk.hasRemaining()) {
      if (from.region().channel().read(chunk, position + chunk.position()) < 0) {
        throw new IOException("the file ends in the middle of a piece");
      }
    }
    chunk.flip();
    if (fault.isPresent() && fault.get().wrong() && delivered >= fault.get().afterBytes()) {
      for (int i = 0; i < chunk.limit(); i++) {
        chunk.put(i, (byte) ~chunk.get(i));
      }
    }
  }

  /** Where the fault begins; a chunk does not reach across. */
  private long faultAt(long length) {
    return fault.map(Fault::afterBytes).filter(at -> at > delivered).orElse(length);
  }

  private boolean stalls() {
    return fault.filter(f -> f.stalls() && delivered >= f.afterBytes()).isPresent();
  }

  private boolean endsByFault() {
    Optional<Fault.End> end = fault.filter(f -> delivered >= f.afterBytes()).flatMap(Fault::end);
    end.ifPresent(e -> fail(new PieceDownloadException(e.outcome(), e.message())));
    return end.isPresent();
  }

  void heal() {
    transport.execute(
        () -> {
          boolean asking = asked == null;
          fault = Optional.empty();
          if (asking) {
            ask();
          } else if (!pumping) {
            pump();
          }
        });
  }

  @Override
  public void pause() {
    paused = true;
  }

  @Override
  public void resume() {
    paused = false;
    transport.execute(
        () -> {
          if (!pumping) {
            pump();
          }
        });
  }

  @Override
  public void cancel() {
    over = true;
    transport.execute(this::release);
  }

  void breakOff(String message) {
    transport.execute(() -> fail(new PieceDownloadException(Outcome.UNREACHABLE, message)));
  }

  private void fail(PieceDownloadException failure) {
    if (!over) {
      end();
      sink.failed(failure);
    }
  }

  private void end() {
    over = true;
    release();
  }

  private void release() {
    if (asked != null && !asked.cancel(false)) {
      // The answer may have come without having been looked at.
      asked.thenAccept(got -> got.region().close());
    }
    if (server != null) {
      server.disconnect(onBreak);
    }
    transport.ended(this);
  }

  private PieceDownloadException asPieceDownloadException(@Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException e ? e.getCause() : failure;
    if (cause instanceof PieceDownloadException answer) {
      return answer;
    }
    String why = cause instanceof CancellationException ? "the parent gave up" : "the parent fails";
    return new PieceDownloadException(Outcome.REFUSED, why, cause);
  }

  private String where() {
    return request.parent().address().toString();
  }
}
