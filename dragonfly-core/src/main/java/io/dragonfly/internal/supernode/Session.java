package io.dragonfly.internal.supernode;

import io.dragonfly.control.Caller;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.Revoked;
import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.access.ChildAddresses;
import io.dragonfly.internal.preheat.PushedFile;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler.Plan;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a supernode knows of one peer. {@link Swarms}' lock guards it.
 *
 * <p>Answers are numbered. What the last one said is remembered until the peer says that it has it;
 * if it got lost all of that is said again.
 */
final class Session {
  private static final int MOST_GIVERS = 64;

  private final PeerId id;
  private final HostKey place;
  private Holder holder;
  private Optional<InetAddress> other;

  /** The tasks that the peer takes part in. */
  final Map<TaskId, Member> members = new LinkedHashMap<>();

  /** Those of them about which there is something to say, assignments aside. */
  final Set<Member> news = new LinkedHashSet<>();

  /** Tasks that ended and of which the peer does not know yet. */
  final Map<TaskId, DistributionException> failures = new LinkedHashMap<>();

  /** The same for tasks that it registered for, but has not spoken of yet. */
  final Map<TaskId, DistributionException> heldFailures = new HashMap<>();

  /** Another place that it has called from: a host with IPv4 and IPv6 has two. */
  @Nullable HostKey elsewhere;

  /** Whether it fetches what operators want it to have, and has proved that it may be told. */
  boolean acceptsPreheats;

  /** What it is to fetch and does not know yet. */
  final Deque<PushedFile> preheats = new ArrayDeque<>();

  /** The zones that it has named. */
  final Set<String> zones = new LinkedHashSet<>(2);

  /** Capabilities for its pieces that it is to refuse, and does not know of yet. */
  final Deque<Revoked> revoked = new ArrayDeque<>();

  /** Those that it wants pieces of. */
  final Set<Member> wanting = new LinkedHashSet<>();

  /** Whom it took pieces from lately, and when. */
  private final Map<PeerId, Long> providers =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<PeerId, Long> eldest) {
          return size() > MOST_GIVERS;
        }
      };

  /** Whether nobody is to take from it now. */
  boolean isIsolated;

  /** When it was last heard of: active time. */
  long heardNanos;

  /** When an alarm for it is set to; absent if none is. */
  @Nullable Long alarmNanos;

  @Nullable Parked parked;

  /**
   * When somebody could not reach it, for the first time since it was last heard of: active time.
   */
  private @Nullable Long unreachableNanos;

  private long answers;
  private @Nullable Sent last;

  /** A call that waits for something to say. */
  record Parked(CompletableFuture<PollResponse> future, long untilNanos) {}

  /** What the last answer said. */
  record Sent(
      List<Plan> plans,
      Map<Member, Integer> digestsBefore,
      Map<TaskId, DistributionException> failures,
      List<PushedFile> preheats,
      List<Revoked> revoked) {}

  /**
   * A session that begins.
   *
   * @param place where the caller calls from, whatever address it says that it serves at
   */
  Session(Caller caller, HostKey place) {
    this.id = caller.id();
    this.place = place;
    this.holder = new Holder(caller.peer(), caller.secret().capabilityKey());
    this.other = caller.other();
  }

  PeerId id() {
    return id;
  }

  /** Returns the peer as a parent of others. */
  Holder holder() {
    return holder;
  }

  Peer peer() {
    return holder.peer();
  }

  InetAddress address() {
    return peer().address().getAddress();
  }

  /** Returns where it takes from. */
  ChildAddresses addresses() {
    return new ChildAddresses(address(), other);
  }

  /** Returns where it was when it came. */
  HostKey place() {
    return place;
  }

  /** It took a piece from another peer. */
  void tookFrom(PeerId provider, long nanos) {
    providers.put(provider, nanos);
  }

  /** Returns how many others it took pieces from in the time before. */
  int providers(long nanos, Duration time) {
    return (int) providers.values().stream().filter(at -> nanos - at <= time.toNanos()).count();
  }

  void heard(Caller now, long nanos) {
    holder = holder.at(now.peer());
    other = now.other();
    heardNanos = nanos;
    unreachableNanos = null;
  }

  /** It is to refuse capabilities. It is told of the last ones if there are too many. */
  void revoke(Revoked capabilities) {
    if (revoked.size() >= SupernodeSettings.MOST_REVOKED_WAITING) {
      revoked.removeFirst();
    }
    revoked.addLast(capabilities);
  }

  /** Another peer could not reach it. */
  void unreachable(long nanos) {
    if (unreachableNanos == null) {
      unreachableNanos = nanos;
    }
  }

  /**
   * Returns since when it is likely to be gone: others cannot reach it, and it has no call open,
   * which every peer has or makes within a moment. Its process's end closes the call at once.
   */
  Optional<Long> goneSinceNanos() {
    boolean calls = parked != null && !parked.future().isDone();
    return calls ? Optional.empty() : Optional.ofNullable(unreachableNanos);
  }

  /** Remembers what an answer says, and returns its number. */
  long sending(Sent answer) {
    last = answer;
    return ++answers;
  }

  /**
   * The peer says which answer it got last.
   *
   * @return the assignments of an answer that got lost, to be made again
   */
  List<Plan> acknowledge(long answered) {
    Sent sent = last;
    last = null;
    if (sent == null || answered == answers) {
      return List.of();
    }
    sent.digestsBefore().forEach(Member::sayAgain);
    sent.failures().forEach(failures::putIfAbsent);
    for (int i = sent.preheats().size() - 1; i >= 0; i--) {
      preheats.addFirst(sent.preheats().get(i));
    }
    for (int i = sent.revoked().size() - 1; i >= 0; i--) {
      revoked.addFirst(sent.revoked().get(i));
    }
    return sent.plans();
  }
}
