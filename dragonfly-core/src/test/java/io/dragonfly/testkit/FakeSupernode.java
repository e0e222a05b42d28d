package io.dragonfly.testkit;

import io.dragonfly.control.Advice;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.Parent;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.Queued;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.TaskReport;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.control.Terms;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A supernode in memory that does what a test tells it. Unless told otherwise it assigns each piece
 * that a peer wants from its own CDN cache, in order, and again if the peer did not get it. Safe
 * for concurrent use.
 */
public final class FakeSupernode implements SupernodeApi, AutoCloseable {
  private static final Duration LEASE = Duration.ofSeconds(15);

  private final FakeNetwork network;
  private final FakeTransport transport;
  private final FakePieces pieces = new FakePieces();
  private final Transport.Server server;
  private final PeerId id = PeerSecret.random(new SecureRandom()).id();

  private final Map<URI, FakePublication> contents = new HashMap<>();
  private final Map<TaskId, FakePublication> tasks = new HashMap<>();
  private final Map<PeerId, FakePeer> peers = new HashMap<>();
  private final List<RegisterRequest> registrations = new ArrayList<>();
  private final List<AnnounceRequest> offers = new ArrayList<>();
  private final List<PollRequest> polls = new ArrayList<>();
  private final List<LeaveRequest> leaves = new ArrayList<>();
  private final Map<URI, DistributionException> refusals = new HashMap<>();
  private @Nullable List<Runnable> lateAnswers;
  private boolean backToSource;
  private List<Parent> contacts = List.of();
  private boolean contentInline;
  private boolean assigning = true;
  private Wait wait = new Wait(0, Optional.empty());
  private boolean stopped;
  private final List<Runnable> cameMeanwhile = new ArrayList<>();

  /** What all tasks wait for, and how often that was told. */
  record Wait(int number, Optional<Queued> queued) {}

  /** A supernode at an address of this network. */
  public FakeSupernode(FakeNetwork network) {
    this.network = network;
    this.transport = new FakeTransport(network);
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try {
      this.server = transport.serve(new ServeRequest(any, pieces, from -> this));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns where it is. */
  public InetSocketAddress address() {
    return server.address();
  }

  /** Returns the id of its CDN cache. */
  public PeerId id() {
    return id;
  }

  /** Has the content, with a strong validator of its own. */
  public FakeSupernode put(URI uri, byte[] bytes) {
    return put(ContentRequest.of(uri), FakePublication.of(bytes));
  }

  /** Has the content that this request asks for. */
  public synchronized FakeSupernode put(ContentRequest request, FakePublication publication) {
    publication.publish(request, new Parent(0, new Peer(id, address(), ""), "cdn"));
    contents.put(request.url(), publication);
    tasks.put(publication.task().id(), publication);
    pieces.put(publication.task().id(), publication.bytes());
    return this;
  }

  /** Returns the task that registrations for this URL get. */
  public synchronized Task task(URI uri) {
    return contents.get(uri).task();
  }

  /** Refuses registrations for this URL from now on. */
  public synchronized FakeSupernode refuse(URI uri, DistributionException why) {
    refusals.put(uri, why);
    return this;
  }

  /** Lets each peer read the source, should this supernode be lost. */
  public synchronized FakeSupernode allowingBackToSource() {
    backToSource = true;
    return this;
  }

  /** Names these peers to ask, should this supernode be lost. */
  public synchronized FakeSupernode namingContacts(List<Parent> named) {
    contacts = List.copyOf(named);
    return this;
  }

  /** Sends whole contents with the registration's answer. */
  public synchronized FakeSupernode sendingContents() {
    contentInline = true;
    return this;
  }

  /**
   * Counts who registers as one that wants all at once, but answers the registration only when
   * {@link #answerRegistrations} is called, as if the answer were slower than what follows it.
   */
  public synchronized FakeSupernode answeringRegistrationsLate() {
    lateAnswers = new ArrayList<>();
    return this;
  }

  /** Answers the registrations that wait. */
  public void answerRegistrations() {
    List<Runnable> answers;
    synchronized (this) {
      answers = lateAnswers == null ? List.of() : lateAnswers;
      lateAnswers = null;
    }
    answers.forEach(Runnable::run);
  }

  /** Assigns nothing until {@link #assign}. */
  public synchronized FakeSupernode assigningNothing() {
    assigning = false;
    return this;
  }

  /** Assigns what is wanted, from now on. */
  public void assign() {
    change(() -> assigning = true);
  }

  /** Tells each peer that its tasks wait for this; empty if they wait no longer. */
  public void reportQueued(Optional<Queued> queued) {
    change(() -> wait = new Wait(wait.number() + 1, queued));
  }

  /** Tells the peers of a task that its source has failed and is asked again. */
  public void sourceFails(TaskId task, DistributionException why) {
    change(
        () ->
            peers.values().stream()
                .flatMap(peer -> peer.member(task).stream())
                .forEach(member -> member.sourceFails(why)));
  }

  /** Assigns what peers were assigned but did not report, once more and from the next parent. */
  public void assignAgain(TaskId task) {
    change(
        () ->
            peers.values().stream()
                .flatMap(peer -> peer.member(task).stream())
                .forEach(FakeMember::assignAgain));
  }

  /** Something is new, such as a longer {@link FakePublication}: tells who waits. */
  public void tellNews() {
    change(() -> {});
  }

  /** Tells all peers of a task that others found a piece wrong which they gave. */
  public void complain(TaskId task, int piece) {
    change(
        () ->
            peers.values().stream()
                .flatMap(peer -> peer.member(task).stream())
                .forEach(member -> member.complain(piece)));
  }

  /** Ends a version for all its peers. */
  public void fail(TaskId task, DistributionException why) {
    change(
        () ->
            peers.values().stream()
                .flatMap(peer -> peer.member(task).stream())
                .forEach(member -> member.fail(why)));
  }

  /** Breaks all connections and accepts none, until {@link #comeBack}. */
  public void fallSilent() {
    network.cut(address());
  }

  /** Can be reached again. */
  public void comeBack() {
    network.join(address());
  }

  /** Accepts calls and answers none from now on, as a process that was stopped. */
  public synchronized FakeSupernode stop() {
    stopped = true;
    return this;
  }

  /** Answers calls again, and of those that came meanwhile the registrations. */
  public synchronized FakeSupernode goOn() {
    stopped = false;
    cameMeanwhile.forEach(Runnable::run);
    cameMeanwhile.clear();
    return this;
  }

  /** Knows no peer any more, as one that was started anew. */
  public synchronized void forgetPeers() {
    peers.values().forEach(FakePeer::drop);
    peers.clear();
  }

  /** Waits until so many registrations came, 10 s at most. */
  public void awaitRegistrations(int count) throws InterruptedException {
    await("registrations", () -> registrations.size() >= count);
  }

  /** Waits until a peer has reported a result like this, 10 s at most. */
  public void awaitResult(Predicate<PieceResult> wanted) throws InterruptedException {
    await("results", () -> resultsHeld().stream().anyMatch(wanted));
  }

  /** Waits until a poll like this came, 10 s at most. */
  public void awaitPoll(Predicate<PollRequest> wanted) throws InterruptedException {
    await("polls", () -> polls.stream().anyMatch(wanted));
  }

  /** Waits for this many calls of {@link #offer}, a minute at most. */
  public void awaitOffers(int count) throws InterruptedException {
    await("offers", () -> offers.size() >= count);
  }

  private synchronized void await(String what, BooleanSupplier condition)
      throws InterruptedException {
    long end = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    while (!condition.getAsBoolean()) {
      long left = Duration.ofNanos(end - System.nanoTime()).toMillis();
      if (left <= 0) {
        throw new AssertionError("the " + what + " that were waited for did not come");
      }
      wait(left);
    }
  }

  /** Returns all registrations, in order. */
  public synchronized List<RegisterRequest> registrations() {
    return List.copyOf(registrations);
  }

  /** Returns all offers, in order. */
  public synchronized List<AnnounceRequest> offers() {
    return List.copyOf(offers);
  }

  /** Returns all polls, in order. */
  public synchronized List<PollRequest> polls() {
    return List.copyOf(polls);
  }

  /** Returns all farewells, in order. */
  public synchronized List<LeaveRequest> leaves() {
    return List.copyOf(leaves);
  }

  /** Returns all results that were reported, in order. */
  public synchronized List<PieceResult> results() {
    return resultsHeld();
  }

  private List<PieceResult> resultsHeld() {
    return polls.stream()
        .flatMap(poll -> poll.reports().stream())
        .flatMap(report -> report.results().stream())
        .toList();
  }

  /** Returns the pieces that a peer said it has. */
  public synchronized BitSet heldBy(PeerId peer, TaskId task) {
    return peers.get(peer).member(task).map(FakeMember::has).orElseGet(BitSet::new);
  }

  @Override
  public synchronized CompletableFuture<RegisterResponse> register(RegisterRequest request) {
    registrations.add(request);
    notifyAll();
    if (stopped) {
      CompletableFuture<RegisterResponse> later = new CompletableFuture<>();
      cameMeanwhile.add(() -> answer(request).thenAccept(later::complete));
      return later;
    }
    return answer(request);
  }

  private CompletableFuture<RegisterResponse> answer(RegisterRequest request) {
    URI uri = request.content().url();
    DistributionException refusal = refusals.get(uri);
    FakePublication publication = contents.get(uri);
    if (refusal != null || publication == null) {
      return CompletableFuture.failedFuture(
          refusal != null ? refusal : new ContentNotFoundException(uri + " does not exist"));
    }
    TaskId task = publication.task().id();
    BitSet holds = new BitSet();
    request.holdings().stream()
        .filter(holding -> holding.task().equals(task))
        .forEach(holding -> holds.or(holding.pieces()));
    FakeMember member = peer(request.caller().id()).join(task, publication, holds);
    RegisterResponse answer =
        new RegisterResponse(
            publication.task(),
            "ticket of " + request.caller().id(),
            publication.digests(),
            contentInline ? Optional.of(publication.bytes()) : Optional.empty(),
            advice(),
            terms());
    CompletableFuture<RegisterResponse> future = new CompletableFuture<>();
    if (lateAnswers == null) {
      future.complete(answer);
    } else {
      member.wantsAll();
      lateAnswers.add(() -> future.complete(answer));
    }
    return future;
  }

  @Override
  public synchronized CompletableFuture<AnnounceResponse> announce(AnnounceRequest request) {
    offers.add(request);
    notifyAll();
    if (stopped) {
      return new CompletableFuture<>();
    }
    List<TaskId> unknown = new ArrayList<>();
    request
        .holdings()
        .forEach(
            holding -> {
              FakePublication publication = tasks.get(holding.task());
              if (publication == null) {
                unknown.add(holding.task());
              } else {
                peer(request.caller().id()).join(holding.task(), publication, holding.pieces());
              }
            });
    return CompletableFuture.completedFuture(new AnnounceResponse(unknown, terms()));
  }

  @Override
  public CompletableFuture<PollResponse> poll(PollRequest request) {
    CompletableFuture<PollResponse> answer = new CompletableFuture<>();
    Runnable replaced;
    synchronized (this) {
      polls.add(request);
      notifyAll();
      FakePeer peer = peer(request.caller().id());
      request.reports().forEach((TaskReport report) -> peer.report(report));
      replaced = peer.park(answer, terms());
    }
    replaced.run();
    change(() -> {});
    if (request.patience().isZero()) {
      Runnable nothing;
      synchronized (this) {
        nothing = stopped ? () -> {} : peer(request.caller().id()).answer(List.of(), terms());
      }
      nothing.run();
    }
    return answer;
  }

  @Override
  public synchronized CompletableFuture<LeaveResponse> leave(LeaveRequest request) {
    leaves.add(request);
    notifyAll();
    request
        .task()
        .ifPresentOrElse(
            task -> peer(request.caller().id()).leave(task),
            () -> peers.remove(request.caller().id()));
    return CompletableFuture.completedFuture(new LeaveResponse());
  }

  /** Changes something and answers those for whom that is news. */
  private void change(Runnable change) {
    List<Runnable> answers = new ArrayList<>();
    synchronized (this) {
      change.run();
      for (FakePeer peer : peers.values()) {
        List<TaskUpdate> updates = peer.updates(assigning, advice(), wait);
        if (!updates.isEmpty()) {
          answers.add(peer.answer(updates, terms()));
        }
      }
    }
    answers.forEach(Runnable::run);
  }

  private FakePeer peer(PeerId peer) {
    return peers.computeIfAbsent(peer, id -> new FakePeer());
  }

  private Advice advice() {
    return new Advice(backToSource, contacts);
  }

  private Terms terms() {
    return new Terms(id, Instant.now(), LEASE);
  }

  @Override
  public void close() {
    transport.close();
    pieces.close();
  }
}
