package io.dragonfly.scheduler;

import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Downloads by piece number, one for each piece. This is a hash table without nodes and boxed
 * numbers, because each of ten thousand peers has some dozens of downloads. Adjacent pieces are in
 * adjacent slots.
 */
final class DownloadTable {
  private static final int LEAST = 8;

  private @Nullable PieceDownload[] places = new @Nullable PieceDownload[LEAST];
  private int size;

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  @Nullable PieceDownload get(int piece) {
    return places[find(piece)];
  }

  /** Adds a download. It replaces the one of the same piece, if there is one. */
  void put(PieceDownload download) {
    if (2 * (size + 1) > places.length) {
      resize(2 * places.length);
    }
    int place = find(download.piece());
    if (places[place] == null) {
      size++;
    }
    places[place] = download;
  }

  /** Removes the download of a piece, if there is one. */
  void remove(int piece) {
    int place = find(piece);
    if (places[place] != null) {
      size--;
      places[place] = null;
      closeGap(place);
    }
  }

  /**
   * Calls an action for each download, in no particular order. The action must not change the
   * table.
   */
  void forEach(Consumer<PieceDownload> action) {
    for (PieceDownload download : places) {
      if (download != null) {
        action.accept(download);
      }
    }
  }

  /** Tells whether any download matches. The predicate must not change the table. */
  boolean hasAny(Predicate<PieceDownload> which) {
    for (PieceDownload download : places) {
      if (download != null && which.test(download)) {
        return true;
      }
    }
    return false;
  }

  /** Returns the slot of a piece, or the free slot for it. */
  private int find(int piece) {
    int place = piece & (places.length - 1);
    for (PieceDownload download = places[place];
        download != null && download.piece() != piece;
        download = places[place]) {
      place = (place + 1) & (places.length - 1);
    }
    return place;
  }

  /** Moves entries into a gap if a lookup would otherwise stop at the gap before it finds them. */
  private void closeGap(int gap) {
    int mask = places.length - 1;
    int place = (gap + 1) & mask;
    for (PieceDownload download = places[place]; download != null; download = places[place]) {
      int wanted = download.piece() & mask;
      if (((place - wanted) & mask) >= ((place - gap) & mask)) {
        places[gap] = download;
        places[place] = null;
        gap = place;
      }
      place = (place + 1) & mask;
    }
  }

  private void resize(int length) {
    @Nullable PieceDownload[] before = places;
    places = new @Nullable PieceDownload[length];
    for (PieceDownload download : before) {
      if (download != null) {
        places[find(download.piece())] = download;
      }
    }
  }
}
