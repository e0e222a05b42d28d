package io.dragonfly.internal.supernode;

import io.dragonfly.control.AdminApi;
import io.dragonfly.control.Caller;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.control.SupernodeState;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.access.AuditLog;
import io.dragonfly.internal.access.Tickets;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.cdn.CdnCache;
import io.dragonfly.internal.cdn.CdnSettings;
import io.dragonfly.internal.cdn.DaemonThreads;
import io.dragonfly.internal.cdn.KeptTasks;
import io.dragonfly.internal.cdn.Sources;
import io.dragonfly.internal.preheat.Preheats;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.serve.StoredPieceService;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.CallOrigin;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.spi.Storage;
import io.dragonfly.task.TaskKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Puts the parts of a supernode together. Safe for concurrent use. */
public final class SupernodeService implements AutoCloseable {
  private static final int WORK_THREADS = 4;
  private static final int ADMIN_THREADS = 2;

  private final PeerSecret secret;
  private final SupernodeSettings settings;
  private final Parts parts;
  private final Admission admission;
  private final Swarms swarms;
  private final CdnCache cache;
  private final SourceProbes probes;
  private final Registrations registrations;
  private final Announcements offers;
  private final Budgets budgets;
  private final RegistrationLimiter registrationLimiter;
  private final ExecutorService answers;
  private final ExecutorService work;
  private final ExecutorService probeThreads;
  private final ExecutorService adminThreads;
  private final Preheats preheats;
  private final AdminApi admin;
  private final AuditLog audit;
  private final SupernodeListener listener;
  private final long quotaBytes;
  private volatile Peer cdnPeer;
  private volatile Optional<Peer> cdnOther = Optional.empty();
  private volatile Supplier<String> certificate = () -> "";
  private volatile boolean closed;

  /**
   * What a supernode is made from. All stays its owner's, and outlives the supernode.
   *
   * @param clock the supernode's time, which must not go back
   * @param nanos monotonic nanoseconds
   * @param activeNanos the same, without the time in which this process could not run
   */
  public record Parts(
      Storage storage,
      Sources sources,
      Scheduler scheduler,
      StoredPieceService pieces,
      ScheduledExecutorService timer,
      InstantSource clock,
      LongSupplier nanos,
      LongSupplier activeNanos,
      SecureRandom random,
      SupernodeListener listener) {}

  /**
   * A supernode that goes on with what its storage holds.
   *
   * @param secret the supernode's own, which its CDN cache's capabilities are made from
   * @param ticketKey the key of its tickets
   * @param address where its CDN cache is reached; port 0 for inside this process alone
   * @param rules which peers may join
   */
  public SupernodeService(
      PeerSecret secret,
      byte[] ticketKey,
      InetSocketAddress address,
      JoinRules rules,
      SupernodeSettings settings,
      CdnSettings cdnSettings,
      Parts parts) {
    this.secret = secret;
    this.settings = settings;
    this.parts = parts;
    this.budgets = new Budgets(settings.sharePerAddress());
    this.registrationLimiter =
        new RegistrationLimiter(budgets.registering, budgets.registeringBytes);
    this.admission =
        new Admission(
            rules,
            ticketKey,
            parts.random(),
            parts.clock(),
            () -> {
              if (!cdnPeer.isReachable()) {
                throw new SupernodeUnreachableException("The supernode is starting. Try again.");
              }
            },
            this::hasAddress);
    this.cdnPeer = new Peer(secret.id(), address, settings.zone());
    answers = DaemonThreads.pool("dragonfly-supernode-answers", 1);
    work = DaemonThreads.pool("dragonfly-supernode-work", WORK_THREADS);
    adminThreads = DaemonThreads.pool("dragonfly-supernode-admin", ADMIN_THREADS);
    probeThreads = DaemonThreads.pool("dragonfly-supernode-ask", SupernodeSettings.MOST_ASKED);
    audit = new AuditLog(Clock.systemUTC(), parts.nanos(), parts.timer());
    listener = new GuardedSupernodeListener(parts.listener(), audit);
    SupernodeExecutors executors =
        new SupernodeExecutors(
            parts.clock(), parts.nanos(), parts.activeNanos(), parts.timer(), answers, work);
    Versions versions =
        new Versions(settings.unvalidatedTtl(), parts.nanos(), () -> nonce(parts.random()));
    byte[] cdnKey = secret.capabilityKey();
    swarms =
        new Swarms(
            parts.scheduler(),
            () -> cdnPeer,
            () -> new Holder(cdnPeer, cdnOther, cdnKey),
            settings,
            budgets,
            executors,
            () -> parts.pieces().uploads().take(0) > 0,
            this::confirm,
            parts.pieces()::revoke,
            (task, cdn) -> {
              boolean isShared = Versions.isShared(task);
              if (!isShared) {
                versions.forget(task);
                parts.pieces().ended(task.id());
              }
              cdn.release(!isShared);
            },
            listener);
    cache =
        new CdnCache(
            parts.storage(),
            parts.sources(),
            cdnSettings,
            new CdnCache.Time(parts.clock(), parts.nanos(), parts.activeNanos(), parts.timer()),
            new CdnEvents(swarms, versions, parts.pieces(), listener));
    Arrivals arrivals = new Arrivals(swarms, cache, versions, work, listener);
    probes =
        new SourceProbes(
            parts.sources(),
            versions,
            arrivals,
            settings,
            parts.nanos(),
            parts.timer(),
            probeThreads,
            listener);
    Tickets tickets = new Tickets(ticketKey);
    registrations =
        new Registrations(
            swarms,
            probes,
            arrivals,
            versions,
            cache,
            tickets,
            new Fingerprints(parts.random()),
            executors,
            listener);
    offers = new Announcements(swarms, arrivals, cache, tickets, parts.clock());
    preheats =
        new Preheats(
            new Preheats.Parts(
                this::forPreheats,
                task -> swarms.find(task).flatMap(SwarmTask::cached),
                swarms,
                parts.sources(),
                this::operator,
                () -> !cdnPeer.isReachable() || admission.knowsPeers(),
                tickets,
                settings.stallTimeout(),
                parts.clock(),
                parts.random()));
    quotaBytes = cdnSettings.keeping().quotaBytes();
    admin =
        new Administration(
            swarms, cache.kept(), preheats, adminThreads, parts.clock().instant(), quotaBytes);
    parts.pieces().alsoGives(cache::passedOn);
    parts.pieces().onWithdrawn(swarms::check);
    parts.pieces().onRefused(listener::security);
    parts
        .pieces()
        .onGiven(
            (task, bytes) -> {
              cache.used(task);
              listener.given(task, bytes);
            });
    cache.recover().forEach(versions::recovered);
    cache.sweepFromNowOn();
    listener.opened(this::state);
  }

  private CompletableFuture<Void> confirm(TaskKey key, Access access) {
    return probes.confirm(key, access);
  }

  private static String nonce(SecureRandom random) {
    byte[] bytes = new byte[16];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** Says where the CDN cache is reached, once that is known. Comes before any peer does. */
  public void listensAt(InetSocketAddress address) {
    listensAt(address, Optional.empty(), () -> "");
  }

  /**
   * The same with an address of the other family, IPv4 or IPv6, for peers that have that one alone
   * or call from it.
   *
   * @param shown returns the fingerprint of the certificate that takers know it by, as it is now;
   *     empty if they need none
   */
  public void listensAt(
      InetSocketAddress address, Optional<InetSocketAddress> other, Supplier<String> shown) {
    certificate = shown;
    String now = shown.get();
    cdnOther = other.map(also -> new Peer(secret.id(), also, settings.zone(), now));
    cdnPeer = new Peer(secret.id(), address, settings.zone(), now);
  }

  /** The certificate may have been renewed. Not to be called under a lock: files may be read. */
  private void lookAtCertificate() {
    String now = certificate.get();
    if (!cdnPeer.certificate().equals(now)) {
      cdnOther = cdnOther.map(peer -> with(peer, now));
      cdnPeer = with(cdnPeer, now);
    }
  }

  private static Peer with(Peer peer, String certificate) {
    return new Peer(peer.id(), peer.address(), peer.zone(), certificate);
  }

  /** Returns the supernode as callers in this process see it: they are trusted. */
  public LocalSupernode local() {
    SupernodeApi api =
        view(Admission.Gate.OPEN, Requester.THIS_PROCESS, InetAddress.getLoopbackAddress());
    return new LocalSupernode(api, parts.pieces(), secret.id());
  }

  private SupernodeApi view(Admission.Gate gate, Requester requester, InetAddress from) {
    return new CallerView(
        registrations,
        offers,
        swarms,
        registrationLimiter,
        gate,
        requester,
        from,
        listener::security);
  }

  /** Returns the supernode as its own preheats see it, with the rights of an operator. */
  private SupernodeApi forPreheats() {
    return view(Admission.Gate.OPEN, operator(), InetAddress.getLoopbackAddress());
  }

  /** Operators may have private networks read; of a supernode for one machine, that machine. */
  private Requester operator() {
    if (!cdnPeer.isReachable()) {
      return Requester.THIS_PROCESS;
    }
    boolean isForOneMachine = cdnPeer.address().getAddress().isLoopbackAddress();
    return isForOneMachine ? Requester.THIS_MACHINE : Requester.PRIVATE_NETWORK;
  }

  /** Returns the supernode as who calls from somewhere sees it. */
  public SupernodeApi from(CallOrigin origin) {
    lookAtCertificate();
    return view(
        admission.gate(origin, listener::security),
        Requester.at(origin.address()),
        origin.address());
  }

  /** Tells whether a peer that calls from an address takes part now. */
  public boolean isKnown(InetAddress address) {
    HostKey place = HostKey.of(address);
    return budgets.peers.used(place) > 0 || budgets.elsewhere.used(place) > 0;
  }

  private boolean hasAddress(Caller caller) {
    return swarms.hasAddress(caller);
  }

  /** Writes down a security event, and tells the listener of it. */
  public void security(SecurityEvent event) {
    listener.security(event);
  }

  /** Returns the supernode as its operator sees it. */
  public AdminApi admin() {
    return admin;
  }

  private SupernodeState state() {
    Overview.Counts peers = swarms.overview().counts();
    List<KeptTasks.Kept> kept = cache.kept().all();
    return new SupernodeState(
        peers.peers(),
        peers.wanting(),
        peers.isolated(),
        peers.waiting(),
        kept.size(),
        (int) kept.stream().filter(KeptTasks.Kept::isComplete).count(),
        (int) kept.stream().filter(KeptTasks.Kept::reading).count(),
        cache.kept().passedOn(),
        cache.kept().bytes(),
        quotaBytes == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(quotaBytes),
        probes.running(),
        probes.waiting(),
        cache.waitingReads(),
        parts.pieces().waiting());
  }

  /** Tells whether peers elsewhere can be served. */
  public boolean isReady() {
    return cdnPeer.isReachable() && !closed;
  }

  /** Ends questions, reads and calls that wait, and waits until the threads are gone. */
  @Override
  public void close() {
    closed = true;
    listener.closed();
    preheats.close();
    probes.close();
    swarms.close();
    cache.close();
    work.shutdown();
    adminThreads.shutdown();
    answers.shutdown();
    DaemonThreads.awaitEnd(probeThreads, work, adminThreads, answers);
    audit.close();
  }
}
