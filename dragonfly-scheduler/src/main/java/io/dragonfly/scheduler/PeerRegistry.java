package io.dragonfly.scheduler;

import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler.Stall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;

/**
 * All peers of all tasks, the median of their rates, and the peers that should be notified to poll.
 */
final class PeerRegistry {
  private static final long REVIEW_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final double DRIFT = 0.05;
  private static final int MOST_STALLS = 1000;

  private final LongSupplier clock;
  private final Map<PeerId, PeerState> peers = new LinkedHashMap<>();
  private final List<PeerState> cdns = new ArrayList<>();

  /** Peers with something planned or assigned on a link, and some that had until recently. */
  private final Set<PeerState> busy = new LinkedHashSet<>();

  private final List<PeerState> ready = new ArrayList<>();
  private final List<Stall> stalls = new ArrayList<>();
  private double medianUp;
  private double medianDown;

  /**
   * Median of the rates that peers were seen to receive at least, in bytes per second. Their
   * downlinks may be faster.
   */
  private double seenDown;

  /** Rate of a link of which nothing is known while there is no median, in bytes per second. */
  private double assumedRate = Limits.ASSUMED_RATE;

  private double downlinkSeconds = Limits.DOWNLINK_SECONDS;
  private long reviewed;
  private boolean hasNews;
  private long downloads;

  PeerRegistry(LongSupplier clock) {
    this.clock = clock;
    reviewed = clock.getAsLong() - REVIEW_NANOS;
  }

  long now() {
    return clock.getAsLong();
  }

  Optional<PeerState> find(PeerId id) {
    return Optional.ofNullable(peers.get(id));
  }

  PeerState peer(Peer peer, boolean isCdn) {
    PeerState state = peers.get(peer.id());
    if (state == null) {
      state = new PeerState(this, peer, isCdn);
      peers.put(peer.id(), state);
      if (isCdn) {
        cdns.add(state);
      }
    }
    state.moved(peer);
    return state;
  }

  /** Forgets a peer that is in no swarm. The supernode cache stays: it will be in one again. */
  void releaseIfIdle(PeerState peer) {
    if (peer.members().isEmpty() && !peer.isCdn()) {
      peers.remove(peer.peer().id(), peer);
      busy.remove(peer);
      peer.setReady(false);
    }
  }

  Collection<PeerState> cdns() {
    return cdns;
  }

  /** Adds a peer that has something planned on a link. */
  void busy(PeerState peer) {
    busy.add(peer);
  }

  /** Offers free uplink capacity of all peers to the downloads that wait for it. */
  void offerCapacity() {
    busy.removeIf(PeerState::isIdle);
    busy.forEach(PeerState::offerCapacity);
  }

  /** Tells whether nothing is planned or assigned on any link. */
  boolean isIdle() {
    return peers.values().stream().allMatch(PeerState::isIdle);
  }

  void ready(PeerState peer) {
    if (!peer.isReady()) {
      peer.setReady(true);
      ready.add(peer);
    }
  }

  List<PeerId> drainReady() {
    List<PeerId> ids = new ArrayList<>(ready.size());
    for (PeerState peer : ready) {
      if (peer.isReady()) {
        peer.setReady(false);
        ids.add(peer.peer().id());
      }
    }
    ready.clear();
    return ids;
  }

  /** Records that a peer got nothing by the usual rules and was helped by {@link LastResort}. */
  void stalled(Stall stall) {
    if (stalls.size() < MOST_STALLS) {
      stalls.add(stall);
    }
  }

  List<Stall> drainStalls() {
    List<Stall> taken = List.copyOf(stalls);
    stalls.clear();
    return taken;
  }

  /** Returns a number that is higher each time. */
  long nextNumber() {
    return downloads++;
  }

  double upRate(PeerState peer) {
    return usual(peer.up().meter(), peer.isCdn() ? 0 : medianUp);
  }

  double downRate(PeerState peer) {
    return usual(peer.down().meter(), medianDown);
  }

  /**
   * Returns the rate of a downlink, but at least the bound for slow peers unless the peer is slow:
   * a peer that received little may only have been sent little.
   */
  double downRateAtLeast(PeerState peer) {
    double rate = downRate(peer);
    return peer.isSlow() ? rate : Math.max(rate, Limits.SLOW * medianDown);
  }

  /** Returns how much may be planned for a child, in seconds of its downlink. */
  double downlinkSeconds() {
    return downlinkSeconds;
  }

  private double usual(RateMeter meter, double median) {
    if (meter.isKnown()) {
      return meter.rate();
    }
    return Math.max(meter.least(), median > 0 ? median : assumedRate);
  }

  /** Records that a piece has arrived: a first rate may be known. */
  void pieceArrived() {
    hasNews = true;
  }

  /**
   * Updates the medians and the set of slow peers, at most once per second, or after each arrival
   * while there is no median. Returns whether it did.
   */
  boolean review() {
    if (now() - reviewed < (hasNews && !isAnythingUsual() ? 0 : REVIEW_NANOS)) {
      // The rates of other peers have not changed.
      busy.forEach(this::judge);
      return false;
    }
    reviewed = now();
    hasNews = false;
    medianUp = median(peer -> peer.up().meter().rate());
    medianDown = median(peer -> peer.down().meter().rate());
    double seenUp = median(peer -> peer.up().meter().least());
    seenDown = median(peer -> peer.down().meter().least());
    double doublings = Math.log(Math.max(1, peers.size())) / Math.log(2);
    downlinkSeconds =
        Math.max(Limits.DOWNLINK_SECONDS, Limits.DOWNLINK_SECONDS_PER_DOUBLING * doublings);
    assumedRate = Math.max(Limits.ASSUMED_RATE, Math.max(seenUp, seenDown));
    for (PeerState peer : peers.values()) {
      peer.backoff().expire(now());
      peer.reviewSigns(now());
      if (!peer.isCdn()) {
        peer.up().meter().drift(medianUp, DRIFT);
      }
      judge(peer);
    }
    return true;
  }

  private boolean isAnythingUsual() {
    return medianUp > 0;
  }

  private void judge(PeerState peer) {
    if (peer.isCdn()) {
      return;
    }
    // A peer may receive little because little is sent: its downlink is slow only if downloads wait
    // for it.
    boolean slow =
        isBelow(peer.up().meter(), medianUp)
            || (isBelow(peer.down().meter(), medianDown) && (peer.isFull() || peer.isSlow()))
            || (!peer.down().meter().isKnown()
                && peer.isLagging(now(), Limits.SLOW * Math.max(medianDown, seenDown)));
    if (slow != peer.isSlow()) {
      peer.setSlow(slow);
      peer.review();
    }
  }

  private static boolean isBelow(RateMeter meter, double median) {
    return meter.isKnown() && meter.rate() < Limits.SLOW * median;
  }

  private double median(ToDoubleFunction<PeerState> rate) {
    double[] rates = new double[peers.size()];
    int known = 0;
    for (PeerState peer : peers.values()) {
      double of = peer.isCdn() ? 0 : rate.applyAsDouble(peer);
      if (of > 0) {
        rates[known] = of;
        known++;
      }
    }
    Arrays.sort(rates, 0, known);
    return known == 0 ? 0 : rates[known / 2];
  }
}
