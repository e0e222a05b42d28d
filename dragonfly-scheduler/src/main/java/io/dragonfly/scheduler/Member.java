package io.dragonfly.scheduler;

import io.dragonfly.spi.Scheduler.QueuePlace;
import io.dragonfly.task.PieceSpan;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One peer in one task. It has a piece, or has asked for it (there is a {@link PieceDownload}, or
 * two with a hedge), or neither.
 */
final class Member {
  private final Swarm swarm;
  private final PeerState peer;
  private final Zone zone;
  private final int slot;
  private final boolean isReachable;
  private final BitSet has = new BitSet();
  private final BitSet asked = new BitSet();
  private PieceSpan wanted = PieceSpan.NONE;

  private final PlannedDownloads planned = new PlannedDownloads();

  /** Downloads by piece, planned or assigned, without hedges. */
  private final DownloadTable downloads = new DownloadTable();

  /** Second downloads of pieces whose first download is late. */
  private final DownloadTable hedges = new DownloadTable();

  private final Parents parents = new Parents();
  private int assigned;

  /** What is planned for this peer or assigned to it. */
  private final Load load = new Load();

  private SearchState searchState = SearchState.UNKNOWN;

  /** Time since which nothing is assigned to this peer. It is only used while that is so. */
  private long idleSince;

  private final UploadQueue uploads;
  private boolean isCounted;
  private boolean isCountedFull;
  private boolean isSpare;
  private boolean isReader;
  private int ringPlace;
  private int count;

  /** How many of the wanted pieces this peer has. */
  private int wantedCount;

  /** Whether this peer lacks a wanted piece. */
  private boolean isLacking;

  private int owned;
  private double credit;

  /** Result of the last search for a piece that was not planned for this peer. */
  enum SearchState {
    UNKNOWN,
    FOUND,
    NOT_FOUND
  }

  Member(Swarm swarm, PeerState peer, Zone zone, int slot) {
    this.swarm = swarm;
    this.peer = peer;
    this.zone = zone;
    this.slot = slot;
    // The supernode cache always uploads: if it does not listen, all peers are in its process.
    isReachable = peer.isCdn() || peer.peer().isReachable();
    isCounted = mayBeCounted();
    uploads = new UploadQueue(peer);
    idleSince = swarm.registry().now();
  }

  Swarm swarm() {
    return swarm;
  }

  PeerState peer() {
    return peer;
  }

  Zone zone() {
    return zone;
  }

  /** Returns the number of this peer in the sets of its swarm. */
  int slot() {
    return slot;
  }

  boolean isCdn() {
    return peer.isCdn();
  }

  /**
   * Tells whether others can download from this peer. It does not change while the peer is in the
   * swarm.
   */
  boolean isReachable() {
    return isReachable;
  }

  PieceSpan wanted() {
    return wanted;
  }

  void want(PieceSpan span) {
    if (wanted.isEmpty()) {
      idleSince = swarm.registry().now();
    }
    wanted = span;
    wantedCount = (int) has.stream().filter(span::contains).count();
    reviewLacking();
    reviewOrder();
    swarm.idlePeers().wake(this);
    for (PieceDownload download : downloads()) {
      if (!download.isAssigned() && !span.contains(download.piece())) {
        download.end();
      }
    }
  }

  boolean has(int piece) {
    return has.get(piece);
  }

  BitSet pieces() {
    return has;
  }

  int pieceCount() {
    return count;
  }

  boolean hasOrAsked(int piece) {
    return has.get(piece) || asked.get(piece);
  }

  boolean lacks(int piece) {
    return wanted.contains(piece) && !hasOrAsked(piece);
  }

  /**
   * Finds the wanted pieces among the available ones that this peer neither has nor has asked for.
   */
  void findLacking(BitSet available, BitSet lacking) {
    lacking.clear();
    lacking.or(available);
    lacking.andNot(has);
    lacking.andNot(asked);
    lacking.clear(0, Math.min(wanted.first(), lacking.length()));
    if (wanted.end() < lacking.length()) {
      lacking.clear(wanted.end(), lacking.length());
    }
  }

  /**
   * Returns the first wanted piece among these that this peer neither has nor has asked for; -1 if
   * there is none.
   */
  int firstLacking(BitSet among) {
    int piece = among.nextSetBit(wanted.first());
    while (piece >= 0 && hasOrAsked(piece)) {
      piece = among.nextSetBit(piece + 1);
    }
    return piece < wanted.end() ? piece : -1;
  }

  /**
   * Tells whether a piece of this peer counts as a copy that others can soon download: the peer is
   * not slow, hidden or gone.
   */
  boolean isCounted() {
    return isCounted;
  }

  private boolean mayBeCounted() {
    return !peer.isCdn() && isReachable() && !peer.isSlow() && !peer.isGone();
  }

  void reviewCounted() {
    boolean now = mayBeCounted();
    if (now != isCounted) {
      BitSet copies = (BitSet) has.clone();
      copies.or(asked);
      copies.stream().forEach(piece -> swarm.copyChanged(this, piece, now));
      isCounted = now;
      zone.ringChanged();
      reviewFull();
    }
  }

  /** Updates whether this peer counts as full in its swarm. */
  void reviewFull() {
    boolean now = isCounted && peer.isBusy() && isFull();
    if (now != isCountedFull) {
      isCountedFull = now;
      swarm.fullChanged(now);
    }
  }

  /** Updates whether this peer has capacity for pieces that were not planned from it. */
  void reviewSpare() {
    boolean now = peer.isSpare(this);
    if (now != isSpare) {
      isSpare = now;
      swarm.spareChanged(this, now);
    }
  }

  /** Tells whether pieces that were not planned may be assigned from this peer. */
  boolean isSpare() {
    return isSpare;
  }

  /** Updates whether this peer wants pieces in order. */
  void reviewOrder() {
    boolean now = !wanted.isEmpty() && wantsInOrder();
    if (now != isReader) {
      isReader = now;
      swarm.readersChanged(now);
    }
  }

  /** Updates whether this peer lacks a wanted piece. */
  void reviewLacking() {
    setLacking(!isCdn() && !swarm.isAll(wanted, wantedCount));
  }

  private void setLacking(boolean now) {
    if (now != isLacking) {
      isLacking = now;
      swarm.lackingChanged(now);
    }
  }

  /** Removes this peer from the counts of its swarm, which it has left. */
  void left() {
    setLacking(false);
    if (isReader) {
      isReader = false;
      swarm.readersChanged(false);
    }
    if (isCountedFull) {
      isCountedFull = false;
      swarm.fullChanged(false);
    }
  }

  void gained(int piece) {
    if (has.get(piece)) {
      return;
    }
    boolean isNew = !asked.get(piece);
    has.set(piece);
    count++;
    if (wanted.contains(piece)) {
      wantedCount++;
      reviewLacking();
    }
    if (isNew && isCounted) {
      swarm.copyChanged(this, piece, true);
    }
    uploads.pieceArrived(piece);
  }

  void lost(int piece) {
    has.clear(piece);
    count--;
    if (wanted.contains(piece)) {
      wantedCount--;
      reviewLacking();
    }
    if (isCounted && !asked.get(piece)) {
      swarm.copyChanged(this, piece, false);
    }
  }

  /** Returns what others are to download from this peer. */
  UploadQueue uploads() {
    return uploads;
  }

  void downloadPlanned(PieceDownload download) {
    if (asked.get(download.piece())) {
      hedges.put(download);
      return;
    }
    downloads.put(download);
    planned.add(download);
    asked.set(download.piece());
    if (download.parent().isCdn()) {
      owned++;
    }
    if (isCounted && !has.get(download.piece())) {
      swarm.copyChanged(this, download.piece(), true);
    }
  }

  void downloadAssigned(PieceDownload download) {
    parents.add(download.parent());
    if (downloads.get(download.piece()) == download) {
      planned.remove(download);
      assigned++;
    }
  }

  void downloadEnded(PieceDownload download) {
    int piece = download.piece();
    if (download.isAssigned()) {
      idleSince = swarm.registry().now();
      boolean hadAll = hasAllParents();
      if (parents.remove(download.parent())) {
        planned.offerPaused();
        if (hadAll) {
          swarm.idlePeers().wake(this);
        }
      }
    }
    if (hedges.get(piece) == download) {
      hedges.remove(piece);
      return;
    }
    if (download.parent().isCdn()) {
      owned--;
    }
    if (download.isAssigned()) {
      assigned--;
    } else {
      planned.remove(download);
    }
    PieceDownload hedge = hedges.get(piece);
    if (hedge == null) {
      downloads.remove(piece);
      asksNoMore(piece);
    } else {
      becomesOnly(hedge);
    }
  }

  /** Makes a hedge the only download of its piece. */
  private void becomesOnly(PieceDownload hedge) {
    hedges.remove(hedge.piece());
    downloads.put(hedge);
    assigned++;
    if (hedge.parent().isCdn()) {
      owned++;
    }
  }

  private void asksNoMore(int piece) {
    asked.clear(piece);
    if (!has.get(piece)) {
      if (isCounted) {
        swarm.copyChanged(this, piece, false);
      }
      uploads.pieceGone(piece);
    }
  }

  Load load() {
    return load;
  }

  /** Tells whether this task has so much planned for this peer that it gets nothing more. */
  boolean isFull() {
    return peer.isFull() && !peer.isInShareOfDownlink(load);
  }

  PlannedDownloads planned() {
    return planned;
  }

  /** Tells whether any planned or assigned download matches, without hedges. */
  boolean hasDownload(Predicate<PieceDownload> which) {
    return downloads.hasAny(which);
  }

  /** Returns the assigned downloads, without hedges. */
  List<PieceDownload> assigned() {
    List<PieceDownload> all = new ArrayList<>();
    downloads.forEach(
        download -> {
          if (download.isAssigned()) {
            all.add(download);
          }
        });
    return all;
  }

  boolean isHedged(int piece) {
    return hedges.get(piece) != null;
  }

  @Nullable PieceDownload assigned(int piece, PeerState parent) {
    PieceDownload hedge = hedges.isEmpty() ? null : hedges.get(piece);
    if (hedge != null && hedge.parent().peer() == parent) {
      return hedge;
    }
    PieceDownload download = downloads.get(piece);
    return download != null && download.isAssigned() && download.parent().peer() == parent
        ? download
        : null;
  }

  /** Returns the download of a piece; null if there is none. */
  @Nullable PieceDownload download(int piece) {
    return downloads.get(piece);
  }

  /** Ends the downloads of one piece. */
  void endDownloadsOf(int piece) {
    // When a download ends, its hedge takes its place.
    for (PieceDownload download = downloads.get(piece);
        download != null;
        download = downloads.get(piece)) {
      download.end();
    }
  }

  /** Checks what is planned from a parent again. */
  void review(PeerState parent) {
    downloads.forEach(
        download -> {
          if (!download.isAssigned() && download.parent().peer() == parent) {
            planned.offer(download);
          }
        });
  }

  /** Ends the downloads that are planned and not assigned. */
  void endPlanned() {
    downloads().stream().filter(download -> !download.isAssigned()).forEach(PieceDownload::end);
  }

  /** Releases the uplinks of parents whose downloads are very late. */
  void releaseLate(long now) {
    downloads.forEach(download -> download.releaseIfLate(now));
  }

  /** Returns how many pieces this peer is to get first, from the supernode cache. */
  int owned() {
    return owned;
  }

  /** Tells whether this is one of the peers through which pieces enter their zone. */
  boolean isEntry() {
    return swarm.zones().size() > 1 && zone != swarm.cdn().zone() && zone.entries().contains(this);
  }

  /** Returns the position in the ring of the zone, if this peer is counted. */
  int ringPlace() {
    return ringPlace;
  }

  void setRingPlace(int place) {
    ringPlace = place;
  }

  /** Returns all planned and assigned downloads, with hedges. */
  List<PieceDownload> downloads() {
    List<PieceDownload> all = new ArrayList<>();
    downloads.forEach(all::add);
    hedges.forEach(all::add);
    return all;
  }

  /** Returns the parents from which something is in flight. */
  Parents parents() {
    return parents;
  }

  /** Tells whether something is in flight from as many parents as is allowed. */
  boolean hasAllParents() {
    return parents.size() >= Limits.PARENTS;
  }

  boolean mayAskFrom(Member parent) {
    return !hasAllParents() || parents.contains(parent);
  }

  /** Returns how many pieces this peer may have in flight, by the rate of its downlink. */
  int inFlightLimit() {
    if (!peer.down().meter().isKnown()) {
      return Limits.IN_FLIGHT_FIRST;
    }
    double pieces = Limits.IN_FLIGHT_SECONDS * peer.downRate() / swarm.pieceLength();
    return (int) Math.max(Limits.IN_FLIGHT_LEAST, Math.min(Limits.IN_FLIGHT_MOST, pieces));
  }

  boolean hasCapacity() {
    return assigned < inFlightLimit();
  }

  /** Tells whether this peer wants pieces in order, because it reads a stream or a part. */
  boolean wantsInOrder() {
    return wanted.first() > 0 || wanted.end() < swarm.pieces();
  }

  /** Tells whether so little is in flight that this peer needs more than was planned for it. */
  boolean needsMore() {
    return assigned
        < Math.max(Limits.LOW_IN_FLIGHT_PIECES, Limits.LOW_IN_FLIGHT_SHARE * inFlightLimit());
  }

  SearchState searchState() {
    return searchState;
  }

  void setSearchState(SearchState now) {
    searchState = now;
  }

  boolean hasAssigned() {
    return assigned > 0;
  }

  /**
   * Tells whether this peer is starving: it has lacked a piece that others have for a while, with
   * nothing in flight and no plan that may still be assigned.
   */
  boolean isStarving(long now) {
    return assigned == 0
        && now - idleSince > Limits.STARVING_NANOS
        && firstMissing(swarm.available(), 0) >= 0
        && !hasPlan(now);
  }

  /** Tells whether this peer has starved so long that no other one comes first. */
  boolean isUrgent(long now) {
    return swarm.inFlight() == 0 || now - idleSince > Limits.URGENT_NANOS;
  }

  private boolean hasPlan(long now) {
    boolean[] hasPlan = {false};
    downloads.forEach(download -> hasPlan[0] |= download.mayComeTrue(now));
    return hasPlan[0];
  }

  /** Tells whether all assigned downloads wait at parents that have much to send before. */
  boolean waitsAtParents() {
    return assigned().stream()
        .allMatch(download -> download.parent().peer().upNanosAssigned(0) > Limits.QUEUE_NANOS);
  }

  /**
   * Returns the position of the task in the queue of a parent for which it waits; empty if it does
   * not wait.
   */
  Optional<QueuePlace> waitingPlace() {
    return downloads().stream()
        .filter(download -> download.parent().uploads().isWaiting(download))
        .findFirst()
        .flatMap(download -> download.parent().peer().waitingPlace(download.parent()));
  }

  /**
   * Returns the first wanted piece among these, at or after {@code from}, that this peer does not
   * have; -1 if there is none.
   */
  int firstMissing(BitSet among, int from) {
    int piece = among.nextSetBit(Math.max(from, wanted.first()));
    while (piece >= 0 && has.get(piece)) {
      piece = among.nextSetBit(piece + 1);
    }
    return piece < wanted.end() ? piece : -1;
  }

  /** Returns the credit of this peer in the rotation of first owners. */
  double credit() {
    return credit;
  }

  void addCredit(double more) {
    credit += more;
  }

  @Override
  public String toString() {
    return peer.toString();
  }
}
