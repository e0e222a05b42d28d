package io.dragonfly.load;

import io.dragonfly.control.Assignment;
import io.dragonfly.control.Caller;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.TaskReport;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.Task;
import io.dragonfly.transport.http.internal.wire.ResponsesJson;
import io.dragonfly.transport.http.internal.wire.RequestsJson;
import io.dragonfly.transport.http.internal.wire.Wire;
import io.dragonfly.transport.http.internal.wire.WireException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A peer that says what a real one says, but has each piece as soon as it is told of it. */
final class LoadPeer {
  private static final SecureRandom RANDOM = new SecureRandom();

  /** So long each piece is said to have taken: 128 KiB at 1 Gbit/s. */
  private static final int MICROS = 1000;

  private final LoadConnection connection;
  private final ContentRequest content;
  private final Caller caller;
  private final Map<Integer, PeerId> parents = new HashMap<>();
  private final Queue<PieceResult> results = new ArrayDeque<>();
  private @Nullable Task task;
  private int digests;
  private int done;
  private long answered;

  /**
   * A peer that nobody knows yet.
   *
   * @param port where it says that it serves pieces
   */
  LoadPeer(LoadConnection connection, ContentRequest content, int port) {
    this.connection = connection;
    this.content = content;
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    this.caller = new Caller(PeerSecret.random(RANDOM), address, "");
  }

  /** Wants the content. */
  CompletableFuture<RegisterResponse> register() {
    RegisterRequest request =
        new RegisterRequest(caller, content, Optional.empty(), Optional.empty(), List.of());
    return call(Wire.Call.REGISTER, RequestsJson.write(request), ResponsesJson::readRegister)
        .thenApply(
            answer -> {
              task = answer.task();
              digests = answer.digests().count();
              return answer;
            });
  }

  /** Waits without wanting any piece, as a peer does that only gives. */
  CompletableFuture<PollResponse> park(Duration patience) {
    return next(List.of(), patience);
  }

  /**
   * Reports what it got and waits for more.
   *
   * @param most more results are left for the next call
   */
  CompletableFuture<PollResponse> takeMore(int most, LoadCounts counts) {
    List<PieceResult> some = new ArrayList<>();
    while (some.size() < most && !results.isEmpty()) {
      some.add(results.remove());
    }
    done += some.size();
    TaskReport report =
        new TaskReport(task().id(), PieceSpan.ALL, digests, List.of(), List.copyOf(some));
    return next(List.of(report), Duration.ofSeconds(5))
        .thenApply(answer -> counted(answer, some.size(), counts));
  }

  private PollResponse counted(PollResponse answer, int reported, LoadCounts counts) {
    int assigned = 0;
    for (TaskUpdate update : answer.updates()) {
      digests += update.digests().count();
      for (Parent parent : update.parents()) {
        parents.put(parent.number(), parent.peer().id());
      }
      for (Assignment assignment : update.assignments()) {
        PeerId parent = parents.get(assignment.parent());
        for (int index = 0; index < assignment.count(); index++) {
          results.add(new PieceResult(assignment.piece(index), parent, Outcome.DONE, MICROS));
          assigned++;
        }
      }
    }
    counts.add(reported, assigned);
    return answer;
  }

  /** Tells whether all is reported. */
  boolean isDone() {
    return done >= task().layout().pieces();
  }

  /** Returns one that takes this one's place on its connection, and holds nothing. */
  LoadPeer another() {
    return new LoadPeer(connection, content, caller.address().getPort());
  }

  /** Is gone. */
  CompletableFuture<?> leave() {
    LeaveRequest request = new LeaveRequest(caller, Optional.empty());
    return call(Wire.Call.LEAVE, RequestsJson.write(request), ResponsesJson::readLeave);
  }

  private Task task() {
    if (task == null) {
      throw new IllegalStateException("not registered");
    }
    return task;
  }

  private CompletableFuture<PollResponse> next(List<TaskReport> reports, Duration patience) {
    PollRequest request = new PollRequest(caller, answered, reports, patience);
    return call(Wire.Call.POLL, RequestsJson.write(request), ResponsesJson::readNext)
        .thenApply(
            answer -> {
              answered = answer.number();
              return answer;
            });
  }

  private interface Reader<A> {
    A read(byte[] json) throws WireException;
  }

  private <A> CompletableFuture<A> call(Wire.Call call, byte[] json, Reader<A> reader) {
    return connection
        .call(call, caller.secret(), json)
        .thenApply(
            answer -> {
              try {
                return reader.read(answer);
              } catch (WireException e) {
                throw new IllegalStateException(e);
              }
            });
  }
}
