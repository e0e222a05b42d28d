package io.dragonfly.scheduler;

import org.jspecify.annotations.Nullable;

/**
 * The planned downloads of one child, by what they wait for. Most wait only for the child to poll.
 * Of these, the pieces that only the supernode cache has come first, because other peers wait for
 * the child to have them. Others wait for their parent: to get the piece, to have capacity, or for
 * the end of a backoff. A download is checked again only after the event that it waits for.
 */
final class PlannedDownloads {
  private final DownloadList urgent = new DownloadList();
  private final DownloadList others = new DownloadList();

  /** Downloads whose parents do not have the piece yet, the earliest first. */
  private final DownloadList early = new DownloadList();

  /** Downloads whose parents are in backoff, or are too many. */
  private final DownloadList paused = new DownloadList();

  private int size;

  void add(PieceDownload download) {
    size++;
    offer(download);
  }

  /** Removes a download, whatever it waits for. */
  void remove(PieceDownload download) {
    size--;
    download.leaveList();
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** Lets the child check a download: what it waited for may have happened. */
  void offer(PieceDownload download) {
    (download.parent().isCdn() ? urgent : others).addInOrder(download);
  }

  /** Returns the first download to check; null if there is none. */
  @Nullable PieceDownload first() {
    PieceDownload first = urgent.first();
    return first == null ? others.first() : first;
  }

  /** Tells whether a download can be checked now. */
  boolean hasOffers(long now) {
    return !urgent.isEmpty() || !others.isEmpty() || isTimeFor(now);
  }

  void waitUntil(PieceDownload download, long time) {
    download.setAskableAt(time);
    early.addByTime(download);
  }

  /** Tells whether a download that waits for its parent to get the piece is due. */
  boolean isTimeFor(long now) {
    PieceDownload first = early.first();
    return first != null && first.askableAt() - now <= 0;
  }

  void offerEarly(long now) {
    for (PieceDownload download = early.first();
        download != null && download.askableAt() - now <= 0;
        download = early.first()) {
      offer(download);
    }
  }

  /**
   * Ends the downloads from the supernode cache for which the child has not polled; returns whether
   * there were any.
   */
  boolean withdrawUnclaimed(long now) {
    boolean isAny = false;
    for (PieceDownload download = urgent.first();
        download != null && download.isUnclaimed(now);
        download = urgent.first()) {
      download.end();
      isAny = true;
    }
    return isAny;
  }

  void pause(PieceDownload download) {
    paused.addLast(download);
  }

  boolean hasPaused() {
    return !paused.isEmpty();
  }

  void offerPaused() {
    for (PieceDownload download = paused.first(); download != null; download = paused.first()) {
      offer(download);
    }
  }

  boolean isEarly(PieceDownload download) {
    return download.list == early;
  }
}
