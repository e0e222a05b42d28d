package io.dragonfly.internal.queue;

import io.dragonfly.task.PieceLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Waiting entries by key. The keys are served in turn (deficit round robin), and the entries of one
 * key in the order in which they came. So a key with many entries does not delay a key with one.
 *
 * <p>In each turn a key gets {@link #QUANTUM} bytes. A key whose last entry was larger is in debt
 * and skips turns until it has paid. Entries of one key can have keys of their own, and are then
 * served in turn as well.
 *
 * <p>Each operation takes constant time, amortized: an entry costs one step for each quantum of its
 * size. Entries are distinct objects. Not safe for concurrent use: the owner's lock guards it.
 *
 * @param <K> the keys
 * @param <E> the entries
 */
public final class FairQueue<K, E> {
  /** Bytes that a key gets in one turn: the shortest pieces are served one by one. */
  static final long QUANTUM = PieceLayout.MIN_PIECE_LENGTH;

  private final ToLongFunction<? super E> bytes;
  private final Function<? super E, ? extends K> key;
  private final List<Function<? super E, ?>> innerKeys;
  private final Map<K, Line> lines = new HashMap<>();

  /** The lines that are served, in the order of their turns. A parked line has no turn. */
  private final Set<Line> turns = new LinkedHashSet<>();

  /** The line whose turn has begun. */
  private @Nullable Line current;

  private int size;

  /** The entries of one key. */
  private final class Line {
    private final K key;
    private final @Nullable FairQueue<Object, E> inner;
    private final Set<E> early = new LinkedHashSet<>();
    private final Set<E> entries = new LinkedHashSet<>();
    private long credit;
    private boolean isParked;

    Line(K key) {
      this.key = key;
      this.inner =
          innerKeys.isEmpty()
              ? null
              : new FairQueue<>(bytes, innerKeys.get(0), innerKeys.subList(1, innerKeys.size()));
    }

    int size() {
      return inner == null ? early.size() + entries.size() : inner.size();
    }

    boolean add(E entry, boolean isEarly) {
      if (inner != null) {
        return inner.add(entry, isEarly);
      }
      return isEarly ? early.add(entry) : entries.add(entry);
    }

    boolean remove(E entry) {
      return inner == null ? early.remove(entry) || entries.remove(entry) : inner.remove(entry);
    }

    @Nullable E poll() {
      if (inner != null) {
        return inner.poll();
      }
      Iterator<E> first = (early.isEmpty() ? entries : early).iterator();
      E entry = first.next();
      first.remove();
      return entry;
    }

    List<E> all() {
      List<E> all = inner == null ? new ArrayList<>(early) : inner.all();
      all.addAll(entries);
      return all;
    }
  }

  private FairQueue(
      ToLongFunction<? super E> bytes,
      Function<? super E, ? extends K> key,
      List<Function<? super E, ?>> innerKeys) {
    this.bytes = bytes;
    this.key = key;
    this.innerKeys = innerKeys;
  }

  /**
   * Returns a queue whose keys get the same number of bytes.
   *
   * @param innerKeys the keys of the entries of one key, of the entries of one such key, and so on
   */
  public static <K, E> FairQueue<K, E> byBytes(
      ToLongFunction<? super E> bytes,
      Function<? super E, ? extends K> key,
      List<Function<? super E, ?>> innerKeys) {
    return new FairQueue<>(bytes, key, innerKeys);
  }

  /** Returns a queue whose keys get the same number of entries. */
  public static <K, E> FairQueue<K, E> byCount(Function<? super E, ? extends K> key) {
    return new FairQueue<>(entry -> QUANTUM, key, List.of());
  }

  /** Adds an entry behind the others of its key. */
  public void add(E entry) {
    add(entry, false);
  }

  /** Adds an entry before those of its key that were added with {@link #add}. */
  public void addEarly(E entry) {
    add(entry, true);
  }

  private boolean add(E entry, boolean isEarly) {
    Line line = lines.get(keyOf(entry));
    if (line == null) {
      line = new Line(keyOf(entry));
      lines.put(line.key, line);
      turns.add(line);
    }
    boolean isNew = line.add(entry, isEarly);
    size += isNew ? 1 : 0;
    return isNew;
  }

  K keyOf(E entry) {
    return key.apply(entry);
  }

  /** Removes an entry and returns whether it was there. */
  public boolean remove(E entry) {
    Line line = lines.get(keyOf(entry));
    if (line == null || !line.remove(entry)) {
      return false;
    }
    size--;
    if (size == 0) {
      forgetAll();
    } else if (line.size() == 0 && (line.isParked || line.credit >= 0)) {
      forget(line);
    }
    return true;
  }

  /** Removes the entry whose turn it is and returns it; null if there is none. */
  public @Nullable E poll() {
    while (!turns.isEmpty()) {
      Line line = turns.iterator().next();
      if (line != current) {
        current = line;
        line.credit += QUANTUM;
      }
      if (line.credit > 0 && line.size() > 0) {
        return pollFrom(line);
      }
      endTurn(line);
    }
    return null;
  }

  private @Nullable E pollFrom(Line line) {
    E entry = line.poll();
    size--;
    if (size == 0) {
      forgetAll(); // nobody waits, so nobody loses if debts are forgotten
    } else if (entry != null) {
      line.credit -= bytes.applyAsLong(entry);
      if (line.credit <= 0) {
        endTurn(line);
      }
    }
    return entry;
  }

  private void endTurn(Line line) {
    turns.remove(line);
    current = null;
    if (line.size() > 0 || line.credit < 0) {
      turns.add(line);
    } else {
      lines.remove(line.key);
    }
  }

  private void forget(Line line) {
    lines.remove(line.key);
    turns.remove(line);
    if (line == current) {
      current = null;
    }
  }

  private void forgetAll() {
    lines.clear();
    turns.clear();
    current = null;
  }

  /** Serves a key no longer, until {@link #unpark}. Does nothing if none of its entries waits. */
  void park(K of) {
    Line line = lines.get(of);
    if (line != null && !line.isParked) {
      line.isParked = true;
      line.credit = Math.min(0, line.credit);
      turns.remove(line);
      if (line == current) {
        current = null;
      }
    }
  }

  /** Serves a key again, after those that are served already. */
  void unpark(K of) {
    Line line = lines.get(of);
    if (line != null && line.isParked) {
      line.isParked = false;
      turns.add(line);
    }
  }

  /** Returns the number of entries. */
  public int size() {
    return size;
  }

  /** Returns the number of entries of one key. */
  public int size(K of) {
    Line line = lines.get(of);
    return line == null ? 0 : line.size();
  }

  /** Returns how many entries of the same key come before this one; -1 if it does not wait. */
  public int before(E entry) {
    return all(keyOf(entry)).indexOf(entry);
  }

  /** Returns the entries of one key, in their order. */
  public List<E> all(K of) {
    Line line = lines.get(of);
    return line == null ? List.of() : line.all();
  }

  /** Returns all entries. */
  public List<E> all() {
    List<E> all = new ArrayList<>(size);
    lines.values().forEach(line -> all.addAll(line.all()));
    return all;
  }
}
