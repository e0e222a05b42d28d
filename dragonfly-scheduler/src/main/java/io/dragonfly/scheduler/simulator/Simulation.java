package io.dragonfly.scheduler.simulator;

import io.dragonfly.rate.Rate;
import io.dragonfly.scheduler.PlannedScheduler;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.task.PieceLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A swarm that a few numbers describe, and how long its peers need at best. Two runs with the same
 * settings are the same. Immutable, and safe for concurrent use.
 *
 * <p>The bound of a peer is the larger of two times: what all uplinks together need to send a copy
 * to each peer that is not slower than it (the fluid limit), and what the slower of its downlink
 * and the first copy needs for the file, with one piece's time more for each doubling of the copies
 * of the last piece. For N equal peers and M pieces that is {@code (1 + floor(log2 N) / M)} times
 * what one alone needs (Mundinger, Weber, Weiss). Peers that are cut off do not count.
 */
public final class Simulation {
  /** More virtual time than this, and as many times what the slowest needs, is too much. */
  private static final Duration LEAST_LIMIT = Duration.ofHours(1);

  private static final int LIMIT_FACTOR = 20;

  private final Function<LongSupplier, Scheduler> scheduler;
  private final int peers;
  private final long lengthBytes;
  private final Rate rate;
  private final Rate supernodeRate;
  private final Rate sourceRate;
  private final boolean isCached;
  private final int idcs;
  private final double churn;
  private final double slow;
  private final Rate slowRate;
  private final Duration stagger;
  private final long seed;
  private final Delays delays;

  private Simulation(Builder builder) {
    scheduler = builder.scheduler;
    peers = builder.peers;
    lengthBytes = builder.lengthBytes;
    rate = builder.rate;
    supernodeRate = builder.supernodeRate == null ? builder.rate : builder.supernodeRate;
    sourceRate = builder.sourceRate == null ? supernodeRate : builder.sourceRate;
    isCached = builder.isCached;
    idcs = builder.idcs;
    churn = builder.churn;
    slow = builder.slow;
    slowRate =
        builder.slowRate == null
            ? Rate.ofBytes(Math.max(1, builder.rate.bytesPerSecond() / 10))
            : builder.slowRate;
    stagger = builder.stagger;
    seed = builder.seed;
    delays = builder.delays;
  }

  /** Begins to describe a swarm. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Runs it, on this thread and as fast as it can be computed.
   *
   * @throws IllegalStateException if a peer needs so long that it must be a defect
   */
  public SimulationResult run() {
    VirtualSwarm swarm = new VirtualSwarm(scheduler, idc(0), bytesPerSecond(supernodeRate), delays);
    VirtualTask task =
        isCached
            ? swarm.addCached(lengthBytes)
            : swarm.addRead(lengthBytes, Duration.ZERO, bytesPerSecond(sourceRate));
    join(swarm, task);
    long started = System.nanoTime();
    swarm.run(limit());
    return new SimulationResult(
        swarm, bounds(swarm), Duration.ofNanos(System.nanoTime() - started));
  }

  private String idc(int number) {
    return idcs == 1 ? "" : "idc" + number;
  }

  private void join(VirtualSwarm swarm, VirtualTask task) {
    Random random = new Random(seed);
    VirtualPeer.Link usual = link(rate);
    VirtualPeer.Link slower = link(slowRate);
    for (int number = 0; number < peers; number++) {
      Duration at = stagger.multipliedBy(number);
      boolean isSlow = isChosen(number, slow);
      VirtualPeer.Link own = isSlow ? slower : usual;
      VirtualPeer joined = swarm.join(at, task, idc(number % idcs), own).peer();
      if (random.nextDouble() < churn) {
        Duration gone = at.plus(seconds(random.nextDouble() * lengthBytes / usual.up()));
        swarm.die(gone, joined);
        swarm.join(gone, task, idc(number % idcs), own);
      }
    }
  }

  /** Spreads a share evenly over all numbers. */
  private static boolean isChosen(int number, double share) {
    return Math.floor((number + 1) * share) > Math.floor(number * share);
  }

  private static VirtualPeer.Link link(Rate rate) {
    return new VirtualPeer.Link(bytesPerSecond(rate), bytesPerSecond(rate));
  }

  private static Duration seconds(double seconds) {
    return Duration.ofNanos((long) (seconds * 1e9));
  }

  private Duration limit() {
    double slowest = Math.min(bytesPerSecond(rate), entryRate());
    if (slow > 0) {
      slowest = Math.min(slowest, bytesPerSecond(slowRate));
    }
    Duration most = seconds(LIMIT_FACTOR * lengthBytes / slowest);
    return LEAST_LIMIT.plus(most).plus(stagger.multipliedBy(peers));
  }

  /** How fast the first copy of each piece can come to the peers. */
  private double entryRate() {
    double sending = bytesPerSecond(supernodeRate);
    return isCached ? sending : Math.min(sending, bytesPerSecond(sourceRate));
  }

  private static double bytesPerSecond(Rate rate) {
    return (double) rate.bytesPerSecond();
  }

  private List<Double> bounds(VirtualSwarm swarm) {
    List<VirtualPeer> staying = swarm.peers().stream().filter(peer -> !peer.isDead()).toList();
    double all = bytesPerSecond(supernodeRate);
    double fastest = all;
    for (VirtualPeer peer : staying) {
      all += peer.upRate();
      fastest = Math.max(fastest, peer.upRate());
    }
    double pieceSeconds = lengthBytes / fastest / PieceLayout.of(lengthBytes).pieces();
    double[] rates = staying.stream().mapToDouble(VirtualPeer::downRate).sorted().toArray();
    Map<Double, Integer> slower = new HashMap<>();
    for (int place = 0; place < rates.length; place++) {
      slower.putIfAbsent(rates[place], place);
    }
    List<Double> bounds = new ArrayList<>();
    for (VirtualPeer peer : staying) {
      int copies = rates.length - slower.getOrDefault(peer.downRate(), 0);
      int doublings = 31 - Integer.numberOfLeadingZeros(copies);
      double alone = lengthBytes / Math.min(entryRate(), peer.downRate());
      bounds.add(Math.max(copies * (double) lengthBytes / all, alone + doublings * pieceSeconds));
    }
    return bounds;
  }

  /** Describes a swarm; see each setting for its default. */
  public static final class Builder {
    private Function<LongSupplier, Scheduler> scheduler = PlannedScheduler::new;
    private int peers = 100;
    private long lengthBytes = 1L << 30;
    private Rate rate = Rate.ofBytes(125_000_000);
    private @Nullable Rate supernodeRate;
    private @Nullable Rate sourceRate;
    private boolean isCached;
    private int idcs = 1;
    private double churn;
    private double slow;
    private @Nullable Rate slowRate;
    private Duration stagger = Duration.ZERO;
    private long seed;
    private Delays delays = Delays.defaults();

    private Builder() {}

    /** What makes the scheduler for a clock of nanoseconds; that of supernodes unless set. */
    public Builder scheduler(Function<LongSupplier, Scheduler> maker) {
      scheduler = maker;
      return this;
    }

    /** How many peers want the file; 100 unless set. */
    public Builder peers(int count) {
      peers = count;
      return this;
    }

    /** Bytes of the file; 1 GiB unless set. */
    public Builder lengthBytes(long bytes) {
      lengthBytes = bytes;
      return this;
    }

    /** What each peer can send and, at the same time, receive; 1 Gbit/s unless set. */
    public Builder rate(Rate most) {
      rate = most;
      return this;
    }

    /** What the supernode can send; the peers' rate unless set. */
    public Builder supernodeRate(Rate most) {
      supernodeRate = most;
      return this;
    }

    /** How fast the supernode reads the source; its own rate unless set. */
    public Builder sourceRate(Rate most) {
      sourceRate = most;
      return this;
    }

    /** Whether the CDN cache has the whole file at the beginning; it reads it then unless set. */
    public Builder cached(boolean cached) {
      isCached = cached;
      return this;
    }

    /** Over how many data centres the peers are spread evenly; 1 unless set. */
    public Builder idcs(int count) {
      idcs = count;
      return this;
    }

    /**
     * Which share of the peers is cut off at some time of the transfer, and each replaced by a new
     * one; 0 unless set.
     */
    public Builder churn(double share) {
      churn = share;
      return this;
    }

    /** Which share of the peers has slow links; 0 unless set. */
    public Builder slow(double share) {
      slow = share;
      return this;
    }

    /** How slow those are; a tenth of the others unless set. */
    public Builder slowRate(Rate most) {
      slowRate = most;
      return this;
    }

    /** How long after each peer the next one joins; all join at once unless set. */
    public Builder stagger(Duration time) {
      stagger = time;
      return this;
    }

    /** What random times are derived from; 0 unless set. */
    public Builder seed(long number) {
      seed = number;
      return this;
    }

    /** Time that is not spent on links; see there for the default. */
    public Builder delays(Delays times) {
      delays = times;
      return this;
    }

    /**
     * Checks the description.
     *
     * @throws IllegalArgumentException if a number makes no sense; the message names it
     */
    public Simulation build() {
      check(peers >= 1 && peers <= 1_000_000, "peers is %s, must be 1 to 1000000", peers);
      check(lengthBytes >= 1, "size is %s, must be at least 1 byte", lengthBytes);
      check(idcs >= 1 && idcs <= 1000, "idcs is %s, must be 1 to 1000", idcs);
      check(churn >= 0 && churn < 1, "churn is %s, must be from 0 to less than 1", churn);
      check(slow >= 0 && slow <= 1, "slow is %s, must be from 0 to 1", slow);
      check(!stagger.isNegative(), "stagger is %s, must not be negative", stagger);
      PieceLayout.of(lengthBytes);
      return new Simulation(this);
    }

    private static void check(boolean isRight, String message, Object value) {
      if (!isRight) {
        throw new IllegalArgumentException(message.formatted(value));
      }
    }
  }
}
