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
 * A swarm that is described by a few numbers, and the completion times of its peers. Two runs with
 * the same settings have the same results. Immutable and thread-safe.
 *
 * <p>The lower bound of a peer's completion time is the larger of two times. One is the time in
 * which all uplinks together send a copy to each peer that is not slower (the fluid limit). The
 * other is the file's length divided by the slower of the peer's downlink and the rate of the first
 * copy, plus the time of one piece for each doubling of the copies of the last piece. For N equal
 * peers and M pieces that is {@code (1 + floor(log2 N) / M)} times what one peer needs (Mundinger,
 * Weber, Weiss). Peers that are cut off do not count.
 */
public final class Simulation {
  /** Virtual time after which a run fails, unless the slowest peer needs a large part of it. */
  private static final Duration LEAST_LIMIT = Duration.ofHours(1);

  private static final int LIMIT_FACTOR = 20;

  private final Function<LongSupplier, Scheduler> scheduler;
  private final int peers;
  private final long lengthBytes;
  private final Rate rate;
  private final Rate supernodeRate;
  private final Rate sourceRate;
  private final boolean isCached;
  private final int zones;
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
    zones = builder.zones;
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

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Runs the simulation on this thread, as fast as possible.
   *
   * @throws IllegalStateException if a peer needs so long that it must be a bug
   */
  public SimulationResult run() {
    VirtualSwarm swarm =
        new VirtualSwarm(scheduler, zone(0), bytesPerSecond(supernodeRate), delays);
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

  private String zone(int number) {
    return zones == 1 ? "" : "zone" + number;
  }

  private void join(VirtualSwarm swarm, VirtualTask task) {
    Random random = new Random(seed);
    VirtualPeer.Link usual = link(rate);
    VirtualPeer.Link slower = link(slowRate);
    for (int number = 0; number < peers; number++) {
      Duration at = stagger.multipliedBy(number);
      boolean isSlow = isChosen(number, slow);
      VirtualPeer.Link own = isSlow ? slower : usual;
      VirtualPeer joined = swarm.join(at, task, zone(number % zones), own).peer();
      if (random.nextDouble() < churn) {
        Duration gone = at.plus(seconds(random.nextDouble() * lengthBytes / usual.up()));
        swarm.die(gone, joined);
        swarm.join(gone, task, zone(number % zones), own);
      }
    }
  }

  /** Distributes a share evenly over all numbers. */
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

  /** Returns the rate at which the first copy of each piece can reach the peers. */
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

  /** Describes a swarm. */
  public static final class Builder {
    private Function<LongSupplier, Scheduler> scheduler = PlannedScheduler::new;
    private int peers = 100;
    private long lengthBytes = 1L << 30;
    private Rate rate = Rate.ofBytes(125_000_000);
    private @Nullable Rate supernodeRate;
    private @Nullable Rate sourceRate;
    private boolean isCached;
    private int zones = 1;
    private double churn;
    private double slow;
    private @Nullable Rate slowRate;
    private Duration stagger = Duration.ZERO;
    private long seed;
    private Delays delays = Delays.defaults();

    private Builder() {}

    /** Creates the scheduler for a clock in nanoseconds. Default: that of supernodes. */
    public Builder scheduler(Function<LongSupplier, Scheduler> maker) {
      scheduler = maker;
      return this;
    }

    /** Number of peers that download the file. Default: 100. */
    public Builder peers(int count) {
      peers = count;
      return this;
    }

    /** Length of the file in bytes. Default: 1 GiB. */
    public Builder lengthBytes(long bytes) {
      lengthBytes = bytes;
      return this;
    }

    /** Rate at which each peer can send, and at the same time receive. Default: 1 Gbit/s. */
    public Builder rate(Rate most) {
      rate = most;
      return this;
    }

    /** Rate at which the supernode can send. Default: the rate of the peers. */
    public Builder supernodeRate(Rate most) {
      supernodeRate = most;
      return this;
    }

    /** Rate at which the supernode downloads from the source. Default: its own rate. */
    public Builder sourceRate(Rate most) {
      sourceRate = most;
      return this;
    }

    /**
     * Whether the supernode cache has the whole file at the start. Default: it downloads the file
     * then.
     */
    public Builder cached(boolean cached) {
      isCached = cached;
      return this;
    }

    /** Number of zones over which the peers are evenly spread. Default: 1. */
    public Builder zones(int count) {
      zones = count;
      return this;
    }

    /**
     * Share of the peers that are cut off at some time, and each replaced by a new one. Default: 0.
     */
    public Builder churn(double share) {
      churn = share;
      return this;
    }

    /** Share of the peers with slow links. Default: 0. */
    public Builder slow(double share) {
      slow = share;
      return this;
    }

    /** Rate of the slow links. Default: a tenth of the others. */
    public Builder slowRate(Rate most) {
      slowRate = most;
      return this;
    }

    /** Time between the joins of one peer and the next. Default: all join at once. */
    public Builder stagger(Duration time) {
      stagger = time;
      return this;
    }

    /** Seed of random times. Default: 0. */
    public Builder seed(long number) {
      seed = number;
      return this;
    }

    /** Times that are not spent on links. Default: {@link Delays#defaults}. */
    public Builder delays(Delays times) {
      delays = times;
      return this;
    }

    /**
     * Checks and creates the simulation.
     *
     * @throws IllegalArgumentException if a number is invalid; the message names it
     */
    public Simulation build() {
      check(peers >= 1 && peers <= 1_000_000, "peers is %s, must be 1 to 1000000", peers);
      check(lengthBytes >= 1, "size is %s, must be at least 1 byte", lengthBytes);
      check(zones >= 1 && zones <= 1000, "zones is %s, must be 1 to 1000", zones);
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
