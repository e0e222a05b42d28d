package io.dragonfly.internal.transfer;

import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.OutputException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.internal.transfer.output.Outputs;
import io.dragonfly.internal.transfer.output.StreamFeed;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What happens when all pieces of a fetch are there: the whole is verified where its pieces are not
 * proof enough, by its digest or else by one more question to the source, and put at its path.
 * Confined to the loop; disks and sources are waited for elsewhere.
 */
final class Finishing {
  private static final int MOST_DELIVERIES = 3;

  private final Parts parts;
  private final Download download;
  private @Nullable CompletableFuture<Void> verification;
  private boolean verified;

  /** Whether the last verification failed while there were pieces that nobody had proved. */
  private boolean mixed;

  private @Nullable SourceRevalidation probe;

  /** How many of the pieces that were read from the source it has stood by. */
  private int confirmed;

  private final Set<RunningFetch> proved = new HashSet<>();

  Finishing(Parts parts, Download download) {
    this.parts = parts;
    this.download = download;
  }

  /**
   * Tells whether a reader must not have a piece yet: the last one of what it wants, until that is
   * verified or confirmed where its pieces' digests are not proof enough.
   */
  boolean holdsBack(RunningFetch fetch, int piece) {
    boolean unsure =
        hasDigest(fetch) ? !verified && mustVerify() : !proved.contains(fetch) && mustAsk(fetch);
    return unsure && mayBeLast(fetch, piece);
  }

  private boolean hasDigest(RunningFetch fetch) {
    return download.task().digest().isPresent()
        && fetch.wantsAll(download.table().layout().length());
  }

  private boolean mayBeLast(RunningFetch fetch, int piece) {
    PieceTable table = download.table();
    int end = fetch.pieces(table.layout()).end();
    return isLengthKnown()
        ? piece == Math.min(end, table.layout().pieces()) - 1
        : piece == end - 1 || !table.isDone(piece + 1);
  }

  private boolean isLengthKnown() {
    return download.table().layout().isLengthKnown();
  }

  /** A supernode gives the last piece's digest only after the whole has matched. */
  private boolean mustVerify() {
    return download.task().digest().isPresent()
        && (download.hasUnproven() || !knowsDigests(PieceSpan.ALL));
  }

  private boolean knowsDigests(PieceSpan pieces) {
    PieceLayout layout = download.table().layout();
    int known = download.digests().count();
    return known > 0 && layout.isLengthKnown() && known >= Math.min(pieces.end(), layout.pieces());
  }

  /** Pieces may come from the source that no supernode has read: nothing else tells a mixture. */
  private boolean mustAsk(RunningFetch fetch) {
    return download.task().version().canBeCompared()
        && download.piecesFromSource() > confirmed
        && !knowsDigests(fetch.pieces(download.table().layout()));
  }

  void finish(RunningFetch fetch) {
    if (hasDigest(fetch)) {
      if (fetch.request().verifyFile() || mustVerify()) {
        verify(fetch, download.task().digest().orElseThrow());
      } else {
        deliver(fetch);
      }
    } else if (fetch.push().isEmpty() && mustAsk(fetch)) {
      confirm(fetch, download.piecesFromSource());
    } else {
      deliver(fetch);
    }
  }

  /** The source must say, later than it has given these pieces, that it is the same version. */
  private void confirm(RunningFetch fetch, int pieces) {
    if (fetch.phase() != RunningFetch.Phase.FINISHING) {
      return; // it was cancelled meanwhile
    }
    if (confirmed >= pieces) {
      proved.add(fetch);
      fetch.feed().ifPresent(StreamFeed::moveOn);
      deliver(fetch);
      return;
    }
    SourceRevalidation asked = probe;
    if (asked == null) {
      asked =
          new SourceRevalidation(
              parts, download.task(), fetch.request().content(), download.piecesFromSource());
      probe = asked;
      asked.ask();
    }
    SourceRevalidation answered = asked;
    parts
        .loop()
        .when(
            answered.same(),
            same -> {
              confirmed = Math.max(confirmed, answered.read());
              forget(answered);
              confirm(fetch, pieces);
            },
            failure -> {
              forget(answered);
              failed(fetch, failure);
            });
  }

  private void forget(SourceRevalidation answered) {
    if (probe == answered) {
      probe = null;
    }
  }

  /** Nobody waits any more. */
  void close() {
    if (probe != null) {
      probe.cancel();
    }
  }

  private void verify(RunningFetch fetch, Digest expected) {
    if (verification == null || fetch.request().verifyFile()) {
      verification = startVerification(expected, fetch.request().verifyFile());
    }
    CompletableFuture<Void> running = verification;
    parts
        .loop()
        .when(
            running,
            done -> {
              verified = true;
              download.provedAll();
              fetch.feed().ifPresent(StreamFeed::moveOn);
              deliver(fetch);
            },
            failure -> {
              boolean isNews = verification == running;
              if (isNews) {
                verification = null;
                mixed = failure instanceof DigestMismatchException && download.dropUnproven();
              }
              if (mixed) {
                lacksWhatWasDropped(fetch);
              } else {
                failed(fetch, failure);
              }
            });
  }

  /** What came from peers without a proof was wrong, perhaps: only the source can tell. */
  private void lacksWhatWasDropped(RunningFetch fetch) {
    if (fetch.phase() == RunningFetch.Phase.FINISHING) {
      download.collectAgain(fetch);
      download.swarm().proofFailed();
    }
  }

  private CompletableFuture<Void> startVerification(Digest expected, boolean readAgain) {
    StoredTask stored = download.stored();
    long length = stored.task().layout().length().orElseThrow();
    Optional<Digest> known = readAgain ? Optional.empty() : download.source().wholeDigest(length);
    return download
        .sealUnproven()
        .thenCompose(
            done ->
                parts
                    .io()
                    .call(
                        () -> {
                          if (known.isPresent()) {
                            Outputs.compare(stored.task().id(), expected, known.get());
                          } else {
                            Outputs.verify(stored, expected);
                          }
                          return null;
                        }));
  }

  private void deliver(RunningFetch fetch) {
    Optional<Path> output = fetch.request().output();
    if (fetch.phase() != RunningFetch.Phase.FINISHING) {
      return; // it was cancelled meanwhile
    }
    if (output.isEmpty()) {
      succeed(fetch);
      return;
    }
    StoredTask stored = download.stored();
    Optional<ByteRange> range =
        fetch.request().range().map(r -> fetch.bytes(stored.task().layout().length()));
    fetch.phaseIs(RunningFetch.Phase.DELIVERING);
    parts
        .loop()
        .when(
            parts
                .io()
                .call(
                    () -> {
                      Outputs.deliver(stored, range, output.get(), fetch.request().outputMode());
                      return null;
                    }),
            done -> succeed(fetch),
            failure -> failed(fetch, failure));
  }

  private void succeed(RunningFetch fetch) {
    boolean checked = fetch.request().range().isEmpty();
    download
        .owner()
        .succeeded(fetch, download, checked ? download.task().digest() : Optional.empty());
  }

  private void failed(RunningFetch fetch, Throwable failure) {
    if (fetch.phase() == RunningFetch.Phase.ENDED) {
      return;
    }
    if (failure instanceof DigestMismatchException || failure instanceof SourceChangedException) {
      download.fail((DistributionException) failure);
    } else if (failure instanceof OutputException || failure instanceof SourceFailedException) {
      download.owner().ended(fetch, (DistributionException) failure);
    } else if (fetch.countDelivery() < MOST_DELIVERIES && lacksPieces(fetch)) {
      download.collectAgain(fetch);
    } else {
      download.storeFailed(failure);
    }
  }

  /** The store may have found that somebody has changed its file: then pieces are missing again. */
  private boolean lacksPieces(RunningFetch fetch) {
    BitSet lost = download.table().done();
    lost.andNot(download.stored().pieces());
    lost.stream().forEach(download::pieceLost);
    PieceTable table = download.table(); // some may have been missed before
    return !table.isComplete(fetch.pieces(table.layout()));
  }
}
