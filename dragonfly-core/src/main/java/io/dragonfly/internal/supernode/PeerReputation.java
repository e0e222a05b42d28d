package io.dragonfly.internal.supernode;

import com.google.common.net.InetAddresses;
import io.dragonfly.control.AdminApi;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which peers nobody is to take from for a while, since others complain of them. {@link Swarms}'
 * lock guards it; the time is passed in.
 *
 * <p>A complaint counts for {@link #MEMORY}. Wrong bytes weigh {@link #WRONG}, all else {@link
 * #OTHER}. All complaints from one place, which is one machine, weigh {@link #MOST_OF_ONE_PLACE} at
 * most, and {@link #ENOUGH} isolates: so nobody can isolate a peer alone, with however many
 * identities. Complaints over IPv4 and over IPv6 are not added up: each machine may have both. Who
 * accuses several peers that nobody else complains of, and more of them than it has taken from, is
 * not believed. While half of all places are isolated no other peer is: then the network is at
 * fault. See {@link IsolatedPlaces}.
 *
 * <p>The time doubles with each repetition. At its end the peer is on probation: the next complaint
 * isolates it again, a piece that it gives ends the probation.
 *
 * <p>A peer that withdraws a damaged piece is forgiven the complaints of it: its disk may be at
 * fault. It is forgiven {@link #MOST_FORGIVEN} pieces within {@link #MEMORY}. Else one that gives
 * wrong bytes on purpose would only need to withdraw each piece.
 */
final class PeerReputation {
  /** How long a first isolation is. */
  static final Duration FIRST = Duration.ofSeconds(10);

  /** How long any is at most. */
  static final Duration LONGEST = Duration.ofMinutes(10);

  /** How long a complaint counts. */
  static final Duration MEMORY = Duration.ofMinutes(1);

  /** How long it is remembered how often a peer was isolated. */
  static final Duration RECORD = Duration.ofHours(1);

  /** Bytes that were not the piece. */
  static final double WRONG = 1;

  /** Refused, stalled or unreachable. */
  static final double OTHER = 0.5;

  static final double MOST_OF_ONE_PLACE = 1;
  static final double ENOUGH = 2;

  /**
   * Withdrawn pieces of which complaints are dropped. A peer whose disk gets more pieces wrong
   * reads all of them from then on, before anybody gets one.
   */
  static final int MOST_FORGIVEN = 3;

  /** Who accuses so many others, and nobody agrees, may itself be the fault. */
  private static final int MANY_ACCUSED = 3;

  private static final int MOST_COMPLAINTS = 256;
  private static final int MOST_DOUBLINGS = 6;

  private static final Logger log = LoggerFactory.getLogger(PeerReputation.class);

  /** Only of those of whom somebody complained, or who complained. */
  private final Map<PeerId, Standing> standings = new HashMap<>();

  private final IsolatedPlaces places = new IsolatedPlaces();
  private int isolated;

  /** What is known of one peer, as the accused and as one who accuses. */
  private static final class Standing {
    private final PeerId id;
    private final List<Complaint> complaints = new ArrayList<>();
    private final Map<PeerId, Long> accuses = new HashMap<>();

    /** When complaints of a piece were dropped, since it was withdrawn. */
    private final List<Long> forgiven = new ArrayList<>();

    private boolean isIsolated;

    /** Where the peer counts as isolated: only while it is both isolated and there. */
    private @Nullable HostKey isolatedAt;

    private boolean isOnProbation;

    /** Whether it was on probation when it was isolated last. */
    private boolean wasOnProbation;

    private boolean isDoubted;
    private long untilNanos;
    private int times;
    private String reason = "";

    Standing(PeerId id) {
      this.id = id;
    }

    void forgetOld(long now) {
      complaints.removeIf(complaint -> now - complaint.nanos > MEMORY.toNanos());
      accuses.values().removeIf(nanos -> now - nanos > MEMORY.toNanos());
      forgiven.removeIf(nanos -> now - nanos > MEMORY.toNanos());
      isOnProbation &= now - untilNanos <= MEMORY.toNanos();
      if (!isIsolated && now - untilNanos > RECORD.toNanos()) {
        times = 0;
      }
    }

    boolean isBlank() {
      return !isIsolated
          && times == 0
          && complaints.isEmpty()
          && accuses.isEmpty()
          && forgiven.isEmpty();
    }
  }

  /** That a piece could not be taken. */
  private record Complaint(
      PeerId reporter, HostKey place, TaskId task, int piece, Outcome outcome, long nanos) {
    double weight() {
      return outcome == Outcome.DIGEST_MISMATCH ? WRONG : OTHER;
    }
  }

  /** A peer is there, until it {@link #left}: isolated ones are counted of those that are. */
  void came(Session peer) {
    Standing standing = standings.get(peer.id());
    if (standing == null || !standing.isIsolated) {
      places.came(peer.place(), false);
    } else {
      places.came(peer.place(), true);
      standing.isolatedAt = peer.place();
    }
  }

  /** A peer is gone. Its isolation goes on, should it come back. */
  void left(Session peer) {
    Standing standing = standings.get(peer.id());
    if (standing == null || standing.isolatedAt == null) {
      places.left(peer.place(), false);
    } else {
      places.left(peer.place(), true);
      standing.isolatedAt = null;
    }
  }

  /**
   * A peer could not take a piece.
   *
   * @param accused a peer that is there
   * @param thanked how many others it has lately taken from
   * @return whether the accused is isolated from now on
   */
  boolean accuse(
      Session reporter, Session accused, TaskId task, PieceResult result, int thanked, long now) {
    Standing accuser = standing(reporter.id());
    accuser.forgetOld(now);
    accuser.accuses.put(accused.id(), now);
    judgeReporter(accuser, thanked);
    Standing standing = standing(accused.id());
    standing.forgetOld(now);
    if (standing.isIsolated) {
      return false;
    }
    if (standing.complaints.size() >= MOST_COMPLAINTS) {
      standing.complaints.remove(0);
    }
    standing.complaints.add(
        new Complaint(
            reporter.id(), reporter.place(), task, result.piece(), result.outcome(), now));
    if (!isEnough(standing, standing.isOnProbation) || !places.mayIsolate(accused.place())) {
      return false;
    }
    isolate(standing, accused, now);
    return true;
  }

  private boolean isEnough(Standing accused, boolean isOnProbation) {
    return weight(accused) >= (isOnProbation ? OTHER : ENOUGH);
  }

  private void isolate(Standing standing, Session accused, long now) {
    Duration time = FIRST.multipliedBy(1L << Math.min(standing.times, MOST_DOUBLINGS));
    time = time.compareTo(LONGEST) < 0 ? time : LONGEST;
    standing.isIsolated = true;
    standing.isolatedAt = accused.place();
    places.isolated(accused.place());
    standing.wasOnProbation = standing.isOnProbation;
    standing.isOnProbation = false;
    standing.times++;
    standing.untilNanos = now + time.toNanos();
    standing.reason = reason(standing.complaints);
    isolated++;
    log.warn(
        "Peer {} at {} is to give to nobody for {} s (isolated {} times lately): {}",
        standing.id.brief(),
        InetAddresses.toUriString(accused.address()) + ":" + accused.peer().address().getPort(),
        time.toSeconds(),
        standing.times,
        standing.reason);
  }

  /** Says how many complain, and of what. */
  private static String reason(Collection<Complaint> complaints) {
    Map<Outcome, Integer> kinds = new EnumMap<>(Outcome.class);
    Set<PeerId> reporters = new HashSet<>();
    for (Complaint complaint : complaints) {
      kinds.merge(complaint.outcome, 1, Integer::sum);
      reporters.add(complaint.reporter);
    }
    return "peers that complain: %d, of %s".formatted(reporters.size(), kinds);
  }

  private double weight(Standing accused) {
    Map<HostKey, Double> places = new HashMap<>();
    for (Complaint complaint : accused.complaints) {
      Standing reporter = standings.get(complaint.reporter);
      if (reporter == null || !reporter.isDoubted) {
        places.merge(
            complaint.place,
            complaint.weight(),
            (one, other) -> Math.min(MOST_OF_ONE_PLACE, one + other));
      }
    }
    Map<HostKey.Family, Double> families = new EnumMap<>(HostKey.Family.class);
    places.forEach((place, weight) -> families.merge(place.family(), weight, Double::sum));
    double onThisMachine = families.getOrDefault(HostKey.Family.NONE, 0.0);
    return onThisMachine
        + Math.max(
            families.getOrDefault(HostKey.Family.IP4, 0.0),
            families.getOrDefault(HostKey.Family.IP6, 0.0));
  }

  /** A reporter is not believed while it alone complains of many, and of more than it praises. */
  private void judgeReporter(Standing reporter, int thanked) {
    long alone =
        reporter.accuses.keySet().stream()
            .filter(id -> !isAccusedByOthers(id, reporter.id))
            .count();
    boolean doubted = alone >= MANY_ACCUSED && alone > thanked;
    if (doubted != reporter.isDoubted) {
      reporter.isDoubted = doubted;
      if (doubted) {
        log.warn(
            "Peer {} complains of {} peers of whom nobody else does: it is not believed",
            reporter.id.brief(),
            alone);
      } else {
        log.info("Peer {} is believed again", reporter.id.brief());
      }
    }
  }

  private boolean isAccusedByOthers(PeerId accused, PeerId reporter) {
    Standing standing = standings.get(accused);
    return standing != null
        && standing.complaints.stream().anyMatch(each -> !each.reporter.equals(reporter));
  }

  /** A peer took a piece from another one: what it said of that one before is over. */
  void thank(PeerId child, PeerId provider) {
    Standing standing = standings.isEmpty() ? null : standings.get(provider);
    if (standing == null) {
      return;
    }
    standing.complaints.removeIf(complaint -> complaint.reporter.equals(child));
    if (standing.isOnProbation) {
      standing.isOnProbation = false;
      log.info("Peer {} gives again as it should", provider.brief());
    }
    Standing reporter = standings.get(child);
    if (reporter != null) {
      reporter.accuses.remove(provider);
    }
  }

  /**
   * A peer has found a piece of its own damaged and withdrawn it: nobody needs to be warned of
   * that, unless it has been forgiven too often.
   *
   * @return whether it was isolated for nothing else, and is not any more
   */
  boolean withdrawn(PeerId holder, TaskId task, int piece, long now) {
    Standing standing = standings.isEmpty() ? null : standings.get(holder);
    if (standing == null) {
      return false;
    }
    standing.forgetOld(now);
    if (standing.forgiven.size() >= MOST_FORGIVEN
        || !standing.complaints.removeIf(complaint -> isOf(complaint, task, piece))) {
      return false;
    }
    standing.forgiven.add(now);
    if (!standing.isIsolated || isEnough(standing, standing.wasOnProbation)) {
      return false;
    }
    release(standing);
    standing.isOnProbation = standing.wasOnProbation; // that was for something else
    standing.untilNanos = now;
    log.info("Peer {} has found the damage itself, and is not isolated", holder.brief());
    return true;
  }

  private static boolean isOf(Complaint complaint, TaskId task, int piece) {
    return complaint.outcome == Outcome.DIGEST_MISMATCH
        && complaint.piece == piece
        && complaint.task.equals(task);
  }

  private void release(Standing standing) {
    standing.isIsolated = false;
    isolated--;
    if (standing.isolatedAt != null) {
      places.released(standing.isolatedAt);
      standing.isolatedAt = null;
    }
  }

  /** Returns those whose isolation ends now: they are on probation from here on. */
  List<PeerId> ended(long now) {
    if (standings.isEmpty()) {
      return List.of();
    }
    List<PeerId> free = new ArrayList<>();
    for (Standing standing : List.copyOf(standings.values())) {
      if (standing.isIsolated && now - standing.untilNanos >= 0) {
        release(standing);
        standing.complaints.clear();
        standing.isOnProbation = true;
        free.add(standing.id);
        log.info("Peer {} may give again, on probation", standing.id.brief());
      }
      standing.forgetOld(now);
      if (standing.isBlank()) {
        standings.remove(standing.id);
      }
    }
    return free;
  }

  private Standing standing(PeerId id) {
    return standings.computeIfAbsent(id, Standing::new);
  }

  /** Returns of how many peers anything is remembered. */
  int known() {
    return standings.size();
  }

  /** Tells whether nobody is to take from a peer now. */
  boolean isIsolated(PeerId id) {
    Standing standing = isolated == 0 ? null : standings.get(id);
    return standing != null && standing.isIsolated;
  }

  /** Tells whether a peer's complaints are not believed now. */
  boolean isDoubted(PeerId id) {
    Standing standing = standings.get(id);
    return standing != null && standing.isDoubted;
  }

  /** Returns what an operator should know of a peer, if there is anything. */
  Optional<AdminApi.Isolation> isolation(PeerId id, long now) {
    Standing standing = standings.get(id);
    if (standing == null || !(standing.isIsolated || standing.isDoubted || standing.times > 0)) {
      return Optional.empty();
    }
    Duration left =
        standing.isIsolated
            ? Duration.ofNanos(Math.max(0, standing.untilNanos - now))
            : Duration.ZERO;
    return Optional.of(
        new AdminApi.Isolation(left, standing.times, standing.isDoubted, standing.reason));
  }
}
