package io.dragonfly.internal.supernode;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.Assignment;
import io.dragonfly.control.Caller;
import io.dragonfly.control.Holding;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.TaskReport;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A peer that speaks with a supernode as the test tells it; it moves no bytes. */
final class TestPeer {
  static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final AtomicInteger PORTS = new AtomicInteger(20_000);

  final TestSupernode supernode;
  final Caller caller;
  final Map<Integer, Peer> parents = new HashMap<>();
  private final List<PieceResult> results = new ArrayList<>();
  private final Map<TaskId, String> tickets = new HashMap<>();
  private long answered;
  private int digestsKnown;

  TestPeer(TestSupernode supernode) {
    this(supernode, PeerSecret.random(new SecureRandom()));
  }

  TestPeer(TestSupernode supernode, PeerSecret secret) {
    this(
        supernode,
        new Caller(
            secret,
            new InetSocketAddress(InetAddress.getLoopbackAddress(), PORTS.incrementAndGet()),
            ""));
  }

  TestPeer(TestSupernode supernode, Caller caller) {
    this.supernode = supernode;
    this.caller = caller;
  }

  PeerId id() {
    return caller.id();
  }

  static ContentRequest content(URI uri) {
    return ContentRequest.of(uri);
  }

  static ContentRequest content(URI uri, String authorization) {
    return ContentRequest.of(uri).withHeaders(Headers.NONE.with("Authorization", authorization));
  }

  RegisterRequest request(ContentRequest content) {
    return new RegisterRequest(caller, content, Optional.empty(), Optional.empty(), List.of());
  }

  CompletableFuture<RegisterResponse> register(ContentRequest content) {
    return supernode.api.register(request(content));
  }

  CompletableFuture<RegisterResponse> register(URI uri) {
    return register(content(uri));
  }

  CompletableFuture<RegisterResponse> register(
      ContentRequest content, String ticket, Holding... holdings) {
    return supernode.api.register(
        new RegisterRequest(
            caller, content, Optional.empty(), Optional.of(ticket), List.of(holdings)));
  }

  /** Registers and waits for the answer. */
  RegisterResponse registered(URI uri) {
    return join(uri, register(uri));
  }

  RegisterResponse join(URI uri, CompletableFuture<RegisterResponse> future) {
    RegisterResponse answer = get(future);
    tickets.put(answer.task().id(), answer.ticket());
    digestsKnown = answer.digests().end();
    return answer;
  }

  /** Reports a piece with the next call. */
  TestPeer reports(int piece, PeerId parent, Outcome outcome) {
    results.add(new PieceResult(piece, parent, outcome, 1000));
    return this;
  }

  TestPeer has(TaskId task, int... pieces) {
    for (int piece : pieces) {
      reports(piece, id(), Outcome.DONE);
    }
    return this;
  }

  CompletableFuture<PollResponse> next(TaskReport... reports) {
    return supernode.api.poll(new PollRequest(caller, answered, List.of(reports), PATIENCE));
  }

  /** Calls about one task, with all results that were to be reported. */
  CompletableFuture<PollResponse> next(TaskId task, PieceSpan wanted) {
    List<PieceResult> now = List.copyOf(results);
    results.clear();
    return next(new TaskReport(task, wanted, digestsKnown, List.of(), now));
  }

  /** Calls and waits for the answer, which arrives. */
  TaskUpdate answer(TaskId task, PieceSpan wanted) {
    return arrived(next(task, wanted), task);
  }

  /** Waits for an answer about one task, which arrives. */
  TaskUpdate arrived(CompletableFuture<PollResponse> future, TaskId task) {
    PollResponse answer = get(future);
    answered = answer.number();
    assertThat(answer.updates()).hasSize(1);
    TaskUpdate update = answer.updates().get(0);
    assertThat(update.task()).isEqualTo(task);
    update.parents().forEach(parent -> parents.put(parent.number(), parent.peer()));
    PieceDigests digests = update.digests();
    if (digests.count() > 0) {
      assertThat(digests.first()).isLessThanOrEqualTo(digestsKnown);
      digestsKnown = Math.max(digestsKnown, digests.end());
    }
    return update;
  }

  void acknowledge(PollResponse answer) {
    answered = answer.number();
  }

  int digestsKnown() {
    return digestsKnown;
  }

  /** Reports as done what an update assigns. Returns the pieces. */
  List<Integer> take(TaskUpdate update) {
    List<Integer> pieces = new ArrayList<>();
    for (Assignment line : update.assignments()) {
      for (int i = 0; i < line.count(); i++) {
        Peer parent = parents.get(line.parent());
        assertThat(parent).as("parent %s", line.parent()).isNotNull();
        assertThat(line.piece(i)).isLessThan(digestsKnown);
        reports(line.piece(i), parent.id(), Outcome.DONE);
        pieces.add(line.piece(i));
      }
    }
    return pieces;
  }

  /** Offers pieces, with the ticket of the task if there was a registration. */
  AnnounceResponse offers(TaskId task, int... pieces) {
    return offersWith(Optional.ofNullable(tickets.get(task)), task, pieces);
  }

  AnnounceResponse offersWith(Optional<String> ticket, TaskId task, int... pieces) {
    Holding holding = new Holding(task, holding(task, pieces).pieces(), ticket);
    return get(supernode.api.announce(new AnnounceRequest(caller, List.of(holding))));
  }

  /** Returns the same peer at a supernode that was started again, with the tickets that it has. */
  TestPeer at(TestSupernode restarted) {
    TestPeer same = new TestPeer(restarted, caller.secret());
    same.tickets.putAll(tickets);
    return same;
  }

  static Holding holding(TaskId task, int... pieces) {
    BitSet set = new BitSet();
    for (int piece : pieces) {
      set.set(piece);
    }
    return new Holding(task, set);
  }

  void leaves(Optional<TaskId> task) {
    get(supernode.api.leave(new LeaveRequest(caller, task)));
  }

  static List<Parent> contacts(RegisterResponse answer) {
    return answer.advice().contacts();
  }

  static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("no answer", e);
    }
  }
}
