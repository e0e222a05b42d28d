package io.dragonfly.internal.transfer;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.control.PieceResult;
import io.dragonfly.internal.transfer.intake.DownloadContext;
import io.dragonfly.internal.transfer.intake.FirstByte;
import io.dragonfly.internal.transfer.intake.PieceDownload;
import io.dragonfly.internal.transfer.swarm.TaskEvents.Assigned;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the pieces of one task as they are assigned. A piece may be assigned twice, when the first
 * parent is late: as long as no byte has come both are asked, and who gives a byte first goes on; a
 * parent that has given less than half of the piece is replaced; else the second one is kept for
 * the case that the first fails. Confined to the loop.
 */
final class SwarmDownloads {
  private static final Logger LOG = LoggerFactory.getLogger(SwarmDownloads.class);
  private static final int MOST_RUNNING = 2;
  private static final Duration STALLED_AFTER = Duration.ofSeconds(1);

  /** The longest wait for a parent that stalls repeatedly, as a multiple of the first wait. */
  private static final int MOST_PATIENT = 8;

  private final Parts parts;
  private final DownloadContext lane;
  private final PieceTable table;
  private final DigestList digests;
  private final Owner owner;
  private final Map<Integer, OfPiece> pieces = new HashMap<>();

  /**
   * How long to wait for each parent that has stalled and has sent no piece since. A parent on a
   * busy machine responds to every request too late. If each download ended after the same time,
   * the parent would upload pieces endlessly, and none would be used.
   */
  private final Map<PeerId, Duration> patience = new HashMap<>();

  /** Who wants the pieces. */
  interface Owner {
    /** Tells whether somebody wants a piece. */
    boolean wants(int piece);

    /** Returns the id that capabilities are made for. */
    PeerId self();

    /** A take has ended; the supernode is to hear of it. */
    void report(PieceResult result);

    /**
     * A piece is there.
     *
     * @param unproven its digest, if nobody has told that: then it is not sealed nor reported yet
     */
    void taken(int piece, Parent parent, long nanos, Optional<Digest> unproven);

    /** Another parent is asked for a piece too, or instead, since the first one is late. */
    void moved(int piece, Parent from, Parent to, String reason);

    /** A parent did not give a piece. */
    void notTaken(int piece, Parent parent, PieceDownload.End end);

    /** The store cannot keep a piece. */
    void storeFailed(Throwable failure);
  }

  /**
   * A parent that is asked if others do not give the piece.
   *
   * @param self this peer's id that the capability is for: the supernode may be another one by then
   */
  private record Spare(Parent parent, PeerId self) {}

  private static final class OfPiece {
    private final FirstByte race = new FirstByte();
    private final List<PieceDownload> running = new ArrayList<>();
    private final Deque<Spare> spares = new ArrayDeque<>();

    boolean knows(PeerId parent) {
      return running.stream().anyMatch(take -> take.order().parent().peer().id().equals(parent))
          || spares.stream().anyMatch(spare -> spare.parent().peer().id().equals(parent));
    }
  }

  SwarmDownloads(
      Parts parts, DownloadContext lane, PieceTable table, DigestList digests, Owner owner) {
    this.parts = parts;
    this.lane = lane;
    this.table = table;
    this.digests = digests;
    this.owner = owner;
  }

  /** Returns how many pieces are on their way. */
  int pieces() {
    return pieces.size();
  }

  /** Tells whether all pieces on their way wait in line behind others of this client. */
  boolean waitForTurn() {
    return !pieces.isEmpty()
        && pieces.values().stream()
            .flatMap(of -> of.running.stream())
            .noneMatch(PieceDownload::isStarted);
  }

  /** Takes a piece from a parent, unless it is there or on its way from that parent already. */
  void assign(Assigned assigned) {
    assign(assigned, true);
  }

  /** The same, also for a piece whose digest is not known: the whole file must prove it. */
  void assignUnproven(Assigned assigned) {
    assign(assigned, false);
  }

  private void assign(Assigned assigned, boolean proven) {
    int piece = assigned.piece();
    if (table.isPiece(piece) && table.isDone(piece)) {
      return; // the supernode has yet to read the report
    }
    boolean lacksProof = proven && digests.digest(piece).isEmpty();
    if (!table.isPiece(piece) || !owner.wants(piece) || lacksProof) {
      LOG.debug("Task {}: piece {} is not to be taken now", lane.stored().task().id(), piece);
      drop(piece, assigned.parent());
      return;
    }
    OfPiece of = pieces.get(piece);
    if (of == null) {
      if (table.isAsked(piece)) {
        drop(piece, assigned.parent()); // the source is being read for it
        return;
      }
      table.ask(piece);
      of = new OfPiece();
      pieces.put(piece, of);
      start(piece, of, assigned.parent(), owner.self());
    } else if (!of.knows(assigned.parent().peer().id())) {
      another(piece, of, assigned.parent());
    }
  }

  private void another(int piece, OfPiece of, Parent parent) {
    if (!of.race.isWon()) {
      if (of.running.size() < MOST_RUNNING) {
        of.running.stream()
            .findFirst()
            .ifPresent(
                take -> owner.moved(piece, take.order().parent(), parent, "no byte had come yet"));
        start(piece, of, parent, owner.self());
      } else {
        of.spares.addLast(new Spare(parent, owner.self()));
      }
      return;
    }
    Optional<PieceDownload> slow =
        of.running.stream().filter(take -> 2 * take.received() < lengthOf(piece)).findFirst();
    if (slow.isPresent() && of.running.size() == 1) {
      owner.moved(
          piece, slow.get().order().parent(), parent, "less than half had come, and too slowly");
      // Who brought something is only slower than others; who brings next to nothing has failed.
      boolean trickles = slow.get().trickledFor(STALLED_AFTER);
      cancel(of, slow.get(), trickles ? Outcome.STALLED : Outcome.DROPPED);
      start(piece, of, parent, owner.self());
    } else {
      of.spares.addLast(new Spare(parent, owner.self()));
      of.running.forEach(take -> take.hurry(parts.times().stall()));
    }
  }

  private long lengthOf(int piece) {
    return table.layout().range(piece).length();
  }

  private void start(int piece, OfPiece of, Parent parent, PeerId self) {
    ByteRange range = table.layout().range(piece);
    Optional<Digest> digest = digests.digest(piece);
    PieceRequest request =
        new PieceRequest(
            parent.peer(),
            lane.stored().task().id(),
            range,
            table.layout().length(),
            self,
            parts.addresses().towards(parent.peer().address().getAddress()),
            parent.capability());
    PieceDownload take =
        new PieceDownload(
            lane,
            new PieceDownload.Order(piece, parent, request, digest),
            of.race,
            patience(parent.peer().id()),
            (ended, end) -> ended(of, ended, end));
    of.running.add(take);
    parts.line().add(take);
  }

  private Duration patience(PeerId parent) {
    return patience.getOrDefault(parent, lane.engine().dropAfter());
  }

  private void learnPatience(PieceDownload take, Outcome outcome) {
    PeerId parent = take.order().parent().peer().id();
    if (outcome == Outcome.DONE) {
      patience.remove(parent);
    } else if (outcome == Outcome.STALLED && take.patience().equals(patience(parent))) {
      // Downloads that ran at the same time count once.
      Duration most = lane.engine().dropAfter().multipliedBy(MOST_PATIENT);
      patience.put(parent, Collections.min(List.of(take.patience().multipliedBy(2), most)));
    }
  }

  private void ended(OfPiece of, PieceDownload take, PieceDownload.End end) {
    int piece = take.order().piece();
    Parent parent = take.order().parent();
    learnPatience(take, end.outcome());
    of.running.remove(take);
    parts.line().ended(take);
    if (end.outcome() == Outcome.DONE) {
      if (take.unproven().isEmpty()) { // else others would be told to take it from here
        report(piece, parent, Outcome.DONE, take.nanos());
      }
      forget(piece, of);
      owner.taken(piece, parent, take.nanos(), take.unproven());
      return;
    }
    report(piece, parent, end.outcome(), take.nanos());
    owner.notTaken(piece, parent, end);
    if (end.failure() != null && !table.isDone(piece)) {
      owner.storeFailed(end.failure());
      return;
    }
    if (pieces.get(piece) == of && of.running.isEmpty()) {
      Spare spare = of.spares.pollFirst();
      if (spare != null) {
        start(piece, of, spare.parent(), spare.self());
      } else {
        pieces.remove(piece);
        table.giveBack(piece);
      }
    }
  }

  private void cancel(OfPiece of, PieceDownload take, Outcome outcome) {
    of.running.remove(take);
    take.cancel();
    parts.line().ended(take);
    report(take.order().piece(), take.order().parent(), outcome, 0);
  }

  private void forget(int piece, OfPiece of) {
    pieces.remove(piece, of);
    List.copyOf(of.running).forEach(take -> cancel(of, take, Outcome.DROPPED));
    of.spares.forEach(spare -> drop(piece, spare.parent()));
    of.spares.clear();
  }

  /** Ends all takes. */
  void cancelAll() {
    Map<Integer, OfPiece> all = Map.copyOf(pieces);
    all.forEach(this::forget);
    all.keySet().forEach(table::giveBack);
  }

  private void drop(int piece, Parent parent) {
    report(piece, parent, Outcome.DROPPED, 0);
  }

  private void report(int piece, Parent parent, Outcome outcome, long nanos) {
    owner.report(new PieceResult(piece, parent.peer().id(), outcome, nanos / 1000));
  }
}
