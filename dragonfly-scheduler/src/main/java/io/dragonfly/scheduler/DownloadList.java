package io.dragonfly.scheduler;

import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A linked list of downloads that wait for the same thing. A download is in one list at most and is
 * removed in constant time: the links are part of it.
 */
final class DownloadList {
  private @Nullable PieceDownload first;
  private @Nullable PieceDownload last;

  boolean isEmpty() {
    return first == null;
  }

  /** Returns the first download; null if the list is empty. */
  @Nullable PieceDownload first() {
    return first;
  }

  /** Moves a download to the end of this list, from the list that it is in. */
  void addLast(PieceDownload download) {
    download.leaveList();
    insert(download, last);
  }

  /**
   * Inserts a download in the order in which downloads were planned. Its position is usually near
   * the end.
   */
  void addInOrder(PieceDownload download) {
    addBy(download, PieceDownload::number);
  }

  /** Inserts a download in the order of the times from which it may be requested. */
  void addByTime(PieceDownload download) {
    addBy(download, PieceDownload::askableAt);
  }

  private void addBy(PieceDownload download, ToLongFunction<PieceDownload> order) {
    download.leaveList();
    long own = order.applyAsLong(download);
    PieceDownload before = last;
    while (before != null && order.applyAsLong(before) - own > 0) {
      before = before.before;
    }
    insert(download, before);
  }

  private void insert(PieceDownload download, @Nullable PieceDownload before) {
    PieceDownload after = before == null ? first : before.after;
    download.list = this;
    link(before, download);
    link(download, after);
  }

  /** Removes a download that is in this list. */
  void remove(PieceDownload download) {
    PieceDownload before = download.before;
    PieceDownload after = download.after;
    download.list = null;
    download.before = null;
    download.after = null;
    link(before, after);
  }

  private void link(@Nullable PieceDownload before, @Nullable PieceDownload after) {
    if (before == null) {
      first = after;
    } else {
      before.after = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.before = before;
    }
  }
}
