package io.dragonfly.internal.transfer;

import com.google.common.collect.Comparators;
import io.dragonfly.control.Holding;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.transfer.swarm.Membership;
import io.dragonfly.internal.transfer.swarm.Supernodes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one download does while its supernode does not answer, one thing after the other: it asks
 * the peers that were named in advance, another supernode, and the source, if it may. Confined to
 * the loop.
 */
final class LostSupernode {
  private static final Logger LOG = LoggerFactory.getLogger(LostSupernode.class);

  private static final Duration ASK_CONTACTS_AFTER = Duration.ofSeconds(1);
  private static final Duration MOVE_ON_AFTER = Duration.ofSeconds(2);

  private final Parts parts;
  private final Download download;
  private final Swarm swarm;
  private final FallbackDownloads contacts;
  private final Following following;
  private final Timers.@Nullable Timer[] steps = new Timers.Timer[3];
  private boolean lost;

  LostSupernode(Parts parts, Download download, Swarm swarm, SwarmDownloads takes) {
    this.parts = parts;
    this.download = download;
    this.swarm = swarm;
    this.contacts = new FallbackDownloads(download.table(), download.digests(), takes);
    this.following = new Following(parts, download, takes);
  }

  /**
   * Begins.
   *
   * @param silence how long it is known to be silent: the first steps need not wait once more
   */
  void lost(String reason, Duration silence) {
    over();
    lost = true;
    download
        .demand()
        .credentialHolder()
        .ifPresent(fetch -> parts.listener().supernodeLost(fetch.request(), reason));
    Duration whole = parts.times().backToSource();
    // Contacts and another supernode have a moment before the source is read, whatever was before.
    Duration source = Comparators.max(whole.minus(silence), Comparators.min(whole, MOVE_ON_AFTER));
    steps[0] = after(ASK_CONTACTS_AFTER.minus(silence), this::beginToAskContacts);
    steps[1] = after(MOVE_ON_AFTER.minus(silence), this::moveOn);
    steps[2] = after(source, () -> backToSource(reason));
  }

  private Timers.Timer after(Duration delay, Runnable step) {
    return parts.loop().timeout(delay.isNegative() ? Duration.ZERO : delay, step);
  }

  /** The supernode is back, another one has taken over, or the download has ended. */
  void over() {
    lost = false;
    contacts.end();
    following.end();
    for (Timers.Timer step : steps) {
      if (step != null) {
        step.cancel();
      }
    }
  }

  private void beginToAskContacts() {
    contacts.begin(swarm.advice().contacts());
    askContacts();
  }

  /** Asks for pieces that are missing, if it has come to that. */
  void askContacts() {
    contacts.ask(download.demand().wanted());
  }

  /** A piece has come. */
  void taken(Parent parent, long bytes) {
    askContacts();
    following.taken(parent, bytes);
  }

  /** What was taken from a peer without proof is not what the file should be. */
  void proofFailed() {
    following.fail();
    readSource("a peer gave other bytes than those of the file");
  }

  /** A peer did not give a piece. */
  void notTaken(Parent parent, Outcome outcome) {
    following.notTaken(parent, outcome);
  }

  private void moveOn() {
    Optional<RunningFetch> fetch = download.demand().credentialHolder();
    Optional<Membership> left = swarm.membership();
    if (parts.supernodes().giving().size() < 2 || fetch.isEmpty() || left.isEmpty()) {
      return;
    }
    Supernodes.Registration registration =
        new Supernodes.Registration(
            fetch.get().request().content(),
            fetch.get().request().range(),
            List.of(new Holding(download.task().id(), download.stored().pieces())),
            parts.supernodes().giving().contains(left.get().link()),
            Supernodes.Registration.SHORT);
    parts
        .loop()
        .when(
            parts.supernodes().register(registration).answer(),
            registered -> movedOn(left.get(), registered),
            failure -> LOG.debug("No other supernode takes over", failure));
  }

  private void movedOn(Membership left, Supernodes.Registered registered) {
    boolean same = registered.answer().task().id().equals(download.task().id());
    if (same && lost && swarm.membership().equals(Optional.of(left))) {
      LOG.info(
          "Task {}: supernode {} takes over from {}, which is lost",
          download.task().id().brief(),
          registered.link().name(),
          left.link().name());
      swarm.join(registered);
      swarm.catchUp();
    } else {
      registered.link().decline(registered.answer().task().id());
    }
  }

  /** One of several peers reads the source, and the others take from that one what it has read. */
  private void backToSource(String reason) {
    String why = "the supernode is lost: " + reason;
    if (!following.begin(swarm.advice().contacts(), swarm.self(), () -> readSource(why))) {
      readSource(why);
    }
  }

  private void readSource(String why) {
    if (lost && mayReadSource()) {
      download.source().read(why);
    }
  }

  /** Returns in words why nobody brings what is missing, if it is for want of the supernode. */
  Optional<String> lack() {
    if (!lost || mayReadSource()) {
      return Optional.empty();
    }
    String source =
        swarm.advice().backToSource()
            ? "nothing tells whether the source still has the version that was begun"
            : "this peer may not read the source: as many may as --back-to-source-peers of the"
                + " supernode says, 3 for each task unless set";
    String name = swarm.membership().map(member -> member.link().name()).orElse("");
    return Optional.of(
        "supernode %s is lost, no peer that it named has what is missing, and %s"
            .formatted(name, source));
  }

  /** Tells whether the supernode allowed it, and nothing can go wrong with it. */
  boolean mayReadSource() {
    return swarm.advice().backToSource() && download.source().isSafe();
  }
}
