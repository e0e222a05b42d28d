package io.dragonfly.internal.transfer;

import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import java.util.BitSet;

/**
 * Which pieces of one task are MISSING, ASKED of a parent or the source, or DONE. Who fails takes
 * its pieces from ASKED back to MISSING; DONE is final, unless the store loses the piece. Confined
 * to the loop.
 */
final class PieceTable {
  private final BitSet asked = new BitSet();
  private final BitSet done;
  private PieceLayout layout;

  /** A table of a task of which these pieces are there. */
  PieceTable(PieceLayout layout, BitSet done) {
    this.layout = layout;
    this.done = (BitSet) done.clone();
  }

  PieceLayout layout() {
    return layout;
  }

  void learnLength(long length) {
    layout = layout.withLength(length);
  }

  boolean isPiece(int piece) {
    return layout.isPiece(piece);
  }

  boolean isDone(int piece) {
    return done.get(piece);
  }

  boolean isAsked(int piece) {
    return asked.get(piece);
  }

  /** Returns the pieces that are there, as a copy. */
  BitSet done() {
    return (BitSet) done.clone();
  }

  /** Marks a piece as asked of somebody. */
  void ask(int piece) {
    asked.set(piece);
  }

  /** Marks a piece as asked of nobody. */
  void giveBack(int piece) {
    asked.clear(piece);
  }

  /** Marks a piece as done and returns whether it was not done before. */
  boolean complete(int piece) {
    asked.clear(piece);
    // A parent that we gave up on may still answer. Counting its piece twice would add up to more
    // bytes than the content has.
    boolean fresh = !done.get(piece);
    done.set(piece);
    return fresh;
  }

  /** Marks a piece that was done as missing. */
  void lose(int piece) {
    done.clear(piece);
  }

  /** Tells whether each piece of a span is there; while the length is unknown none is the last. */
  boolean isComplete(PieceSpan span) {
    int end = end(span);
    return end >= 0 && done.nextClearBit(span.first()) >= end;
  }

  /** Returns the first missing piece of a span that nobody was asked for, and those behind it. */
  PieceSpan nextRun(PieceSpan span) {
    int end = end(span);
    int first = nextFree(span.first());
    if (end >= 0 && first >= end) {
      return PieceSpan.NONE;
    }
    int behind = Math.min(nextSet(done, first), nextSet(asked, first));
    return new PieceSpan(first, end >= 0 ? Math.min(behind, end) : behind);
  }

  private int nextFree(int from) {
    int piece = from;
    while (done.get(piece) || asked.get(piece)) {
      piece = Math.max(done.nextClearBit(piece), asked.nextClearBit(piece));
    }
    return piece;
  }

  private static int nextSet(BitSet set, int from) {
    int next = set.nextSetBit(from);
    return next < 0 ? Integer.MAX_VALUE : next;
  }

  /** Returns where a span ends, or -1 if that depends on a length which is not known. */
  private int end(PieceSpan span) {
    if (layout.isLengthKnown()) {
      return Math.min(span.end(), layout.pieces());
    }
    return span.end() == PieceSpan.ALL.end() ? -1 : span.end();
  }
}
