package io.dragonfly.internal.transfer;

import io.dragonfly.error.DistributionException;
import io.dragonfly.error.ErrorKind;
import io.dragonfly.error.OutputException;
import io.dragonfly.internal.transfer.output.Outputs;
import io.dragonfly.internal.transfer.output.StreamFeed;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What happens when all pieces of a fetch are there: the whole is verified where its pieces are not
 * proof enough, and put at its path. Confined to the loop; disks are waited for elsewhere.
 */
final class Finishing {
  private static final int MOST_DELIVERIES = 3;

  private final Parts parts;
  private final Download download;
  private @Nullable CompletableFuture<Void> verification;
  private boolean verified;

  Finishing(Parts parts, Download download) {
    this.parts = parts;
    this.download = download;
  }

  /**
   * Tells whether a reader must not have a piece yet: the last one of a content whose digest is not
   * proved by its pieces' digests, until the whole has been compared.
   */
  boolean holdsBack(RunningFetch fetch, int piece) {
    return !verified
        && fetch.request().range().isEmpty()
        && mustVerify()
        && (!isLengthKnown() || piece == download.table().layout().pieces() - 1);
  }

  private boolean isLengthKnown() {
    return download.table().layout().isLengthKnown();
  }

  /** A supernode gives the last piece's digest only after the whole has matched. */
  private boolean mustVerify() {
    return download.task().digest().isPresent()
        && !(isLengthKnown()
            && download.digests().count() == download.table().layout().pieces()
            && download.digests().count() > 0);
  }

  void finish(RunningFetch fetch) {
    Optional<Digest> digest = download.task().digest();
    boolean whole = fetch.request().range().isEmpty();
    if (whole && digest.isPresent() && (fetch.request().verifyFile() || mustVerify())) {
      verify(fetch, digest.get());
    } else {
      deliver(fetch);
    }
  }

  private void verify(RunningFetch fetch, Digest expected) {
    if (verification == null || fetch.request().verifyFile()) {
      verification = startVerification(expected, fetch.request().verifyFile());
    }
    parts
        .loop()
        .when(
            verification,
            done -> {
              verified = true;
              fetch.feed().ifPresent(StreamFeed::moveOn);
              deliver(fetch);
            },
            failure -> {
              verification = null;
              failed(fetch, failure);
            });
  }

  private CompletableFuture<Void> startVerification(Digest expected, boolean readAgain) {
    StoredTask stored = download.stored();
    long length = stored.task().layout().length().orElseThrow();
    Optional<Digest> known = readAgain ? Optional.empty() : download.source().wholeDigest(length);
    return parts
        .io()
        .call(
            () -> {
              if (known.isPresent()) {
                Outputs.compare(stored.task().id(), expected, known.get());
              } else {
                Outputs.verify(stored, expected);
              }
              return null;
            });
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
                      Outputs.deliver(stored, range, output.get());
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
    if (failure instanceof DistributionException typed
        && typed.kind() == ErrorKind.DIGEST_MISMATCH) {
      download.fail(typed);
    } else if (failure instanceof OutputException output) {
      download.owner().ended(fetch, output);
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
