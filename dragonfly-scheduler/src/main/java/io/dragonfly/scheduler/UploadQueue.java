package io.dragonfly.scheduler;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The pieces of one task that the children of one peer are to download from it. */
final class UploadQueue {
  private final PeerState peer;

  /** For each piece the download that was planned last; it links to the others. */
  private final DownloadTable downloads = new DownloadTable();

  /** Planned downloads that wait only for capacity of the uplink. */
  private final DownloadList waiting = new DownloadList();

  /** This task's part of what is planned or assigned on the peer's uplink. */
  private final Load backlog = new Load();

  private final Load assigned = new Load();

  /** Whether this task is in the peer's queue of tasks that wait for uplink capacity. */
  private boolean isQueued;

  UploadQueue(PeerState peer) {
    this.peer = peer;
  }

  void add(PieceDownload download) {
    plan(download.bytes());
    PieceDownload next = downloads.get(download.piece());
    download.nextOfPiece = next;
    if (next != null) {
      next.previousOfPiece = download;
    }
    downloads.put(download);
  }

  void remove(PieceDownload download) {
    PieceDownload next = download.nextOfPiece;
    PieceDownload previous = download.previousOfPiece;
    if (next != null) {
      next.previousOfPiece = previous;
    }
    if (previous != null) {
      previous.nextOfPiece = next;
    } else if (next != null) {
      downloads.put(next);
    } else {
      downloads.remove(download.piece());
    }
    download.nextOfPiece = null;
    download.previousOfPiece = null;
  }

  /** Records that the peer has a piece: downloads of it can be assigned now. */
  void pieceArrived(int piece) {
    for (PieceDownload download = downloads.get(piece);
        download != null;
        download = download.nextOfPiece) {
      download.becomeReady();
      if (download.child().planned().isEarly(download)) {
        download.offer();
      }
    }
  }

  /**
   * Records that the peer will not get a piece: children that were to download it here are planned
   * anew.
   */
  void pieceGone(int piece) {
    for (PieceDownload download = downloads.get(piece);
        download != null;
        download = download.nextOfPiece) {
      if (!download.isAssigned()) {
        download.offer();
      }
    }
  }

  /** Checks all planned downloads again. */
  void reviewAll() {
    downloads.forEach(
        last -> {
          for (PieceDownload download = last; download != null; download = download.nextOfPiece) {
            if (!download.isAssigned()) {
              download.offer();
            }
          }
        });
  }

  /** Lets a download wait for uplink capacity. */
  void awaitCapacity(PieceDownload download) {
    waiting.addLast(download);
  }

  /** Offers uplink capacity to waiting downloads until it is used up. */
  void offerCapacity(double bytes) {
    double left = bytes;
    for (PieceDownload download = waiting.first();
        download != null && left > 0;
        download = waiting.first()) {
      // A child that cannot download more now will poll once it can, so this capacity is for the
      // next one.
      left -= download.child().hasCapacity() ? download.bytes() : 0;
      download.offer();
    }
  }

  /** Tells whether a download waits for uplink capacity. */
  boolean isWaiting(PieceDownload download) {
    return download.list == waiting;
  }

  /** Returns the download that has waited longest for uplink capacity; null if none waits. */
  @Nullable PieceDownload firstWaiting() {
    return waiting.first();
  }

  private void plan(long bytes) {
    if (backlog.isEmpty()) {
      peer.taskIsActive(true);
    }
    backlog.add(bytes);
  }

  void assign(long bytes) {
    assigned.add(bytes);
  }

  /** Removes a download that has ended, or that is too late to count. */
  void leave(long bytes, boolean isAssigned) {
    if (isAssigned) {
      assigned.remove(bytes);
    }
    backlog.remove(bytes);
    if (backlog.isEmpty()) {
      peer.taskIsActive(false);
    }
  }

  /** Returns what is planned or assigned for this task. */
  Load backlog() {
    return backlog;
  }

  /** Returns what is assigned for this task and not yet reported. */
  Load assigned() {
    return assigned;
  }

  boolean isQueued() {
    return isQueued;
  }

  void setQueued(boolean queued) {
    isQueued = queued;
  }

  List<PieceDownload> of(int piece) {
    List<PieceDownload> all = new ArrayList<>();
    addAll(downloads.get(piece), all);
    return all;
  }

  List<PieceDownload> all() {
    List<PieceDownload> all = new ArrayList<>();
    downloads.forEach(last -> addAll(last, all));
    return all;
  }

  private static void addAll(@Nullable PieceDownload last, List<PieceDownload> all) {
    for (PieceDownload download = last; download != null; download = download.nextOfPiece) {
      all.add(download);
    }
  }
}
