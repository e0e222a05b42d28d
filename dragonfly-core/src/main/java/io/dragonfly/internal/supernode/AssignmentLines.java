package io.dragonfly.internal.supernode;

import io.dragonfly.control.Assignment;
import java.util.ArrayList;
import java.util.List;

/** Joins assignments that follow each other in equal steps, from one parent, into one line. */
final class AssignmentLines {
  private final List<Assignment> lines = new ArrayList<>();
  private int first;
  private int step;
  private int count;
  private int parent;

  void add(int piece, int from) {
    if (count == 1 && from == parent && piece > first) {
      step = piece - first;
      count = 2;
    } else if (count > 1 && from == parent && piece == first + (long) step * count) {
      count++;
    } else {
      endLine();
      first = piece;
      step = 1;
      count = 1;
      parent = from;
    }
  }

  private void endLine() {
    if (count > 0) {
      lines.add(new Assignment(first, step, count, parent));
    }
  }

  /** Returns the lines; nothing is added after that. */
  List<Assignment> lines() {
    endLine();
    count = 0;
    return lines;
  }
}
