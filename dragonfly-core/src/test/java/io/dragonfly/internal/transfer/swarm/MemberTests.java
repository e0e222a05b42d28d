package io.dragonfly.internal.transfer.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Advice;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.Caller;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.Queued;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.control.Terms;
import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * One member of a task at a supernode, in a time that stands still, with the loop that asks what is
 * next.
 */
@ExtendWith(LeakCheck.class)
abstract class MemberTests {
  static final ContentRequest CONTENT = ContentRequest.of(URI.create("https://source.test/a"));
  static final Task TASK =
      Task.of(
          CONTENT.key(),
          new SourceVersion(Optional.of("\"1\""), OptionalLong.of(100 << 20)),
          Optional.empty(),
          "");
  static final PeerId SUPERNODE = PeerSecret.random(new SecureRandom()).id();
  static final Terms TERMS = new Terms(SUPERNODE, Instant.EPOCH, Duration.ofSeconds(15));

  final FakeTicker ticker = new FakeTicker();
  final Timers timers = new Timers(ticker.timer(), ticker);
  final EventLoop loop = new EventLoop("dragonfly-engine", timers);
  final Api api = new Api();
  final Events events = new Events();
  Supernodes supernodes;
  Membership member;

  /** Polls wait in a queue until the test answers them. */
  static final class Api implements SupernodeApi {
    record Poll(PollRequest request, CompletableFuture<PollResponse> answer) {}

    final BlockingQueue<Poll> polls = new LinkedBlockingQueue<>();
    final List<RegisterRequest> registrations = new ArrayList<>();
    final List<LeaveRequest> left = new CopyOnWriteArrayList<>();
    Supplier<CompletableFuture<RegisterResponse>> registration =
        () -> CompletableFuture.completedFuture(answer(TASK));
    volatile Supplier<CompletableFuture<AnnounceResponse>> offering =
        () -> CompletableFuture.completedFuture(new AnnounceResponse(List.of(), TERMS));

    static RegisterResponse answer(Task task) {
      return new RegisterResponse(
          task, "ticket", PieceDigests.NONE, Optional.empty(), Advice.NONE, TERMS);
    }

    @Override
    public synchronized CompletableFuture<RegisterResponse> register(RegisterRequest request) {
      registrations.add(request);
      return registration.get();
    }

    @Override
    public CompletableFuture<AnnounceResponse> announce(AnnounceRequest request) {
      return offering.get();
    }

    @Override
    public CompletableFuture<PollResponse> poll(PollRequest request) {
      Poll poll = new Poll(request, new CompletableFuture<>());
      polls.add(poll);
      return poll.answer();
    }

    @Override
    public CompletableFuture<LeaveResponse> leave(LeaveRequest request) {
      left.add(request);
      return CompletableFuture.completedFuture(new LeaveResponse());
    }

    Poll poll() throws InterruptedException {
      Poll poll = polls.poll(10, TimeUnit.SECONDS);
      assertThat(poll).isNotNull();
      return poll;
    }
  }

  static final class Events implements TaskEvents {
    final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    final BlockingQueue<Advice> advices = new LinkedBlockingQueue<>();
    volatile int underWay;
    volatile @Nullable RuntimeException defect;

    @Override
    public void digests(PieceDigests digests) {}

    @Override
    public void lengthLearned(long length) {}

    @Override
    public void assigned(List<Assigned> assigned) {
      seen.add("assigned");
    }

    @Override
    public int underWay() {
      return underWay;
    }

    @Override
    public void advised(Advice advice) {
      RuntimeException failure = defect;
      if (failure != null) {
        throw failure;
      }
      advices.add(advice);
    }

    @Override
    public void failed(DistributionException failure) {
      seen.add(failure.kind().toString());
    }

    @Override
    public void queued(Optional<Queued> wait) {
      wait.ifPresent(queued -> seen.add(queued.toString()));
    }

    @Override
    public void sourceRetried(DistributionException failure) {
      seen.add("retried");
    }

    @Override
    public void supernodeLost(String reason, Duration silence) {
      seen.add("lost");
    }

    @Override
    public void supernodeBack() {
      seen.add("back");
    }

    String next() throws InterruptedException {
      return String.valueOf(seen.poll(10, TimeUnit.SECONDS));
    }
  }

  @BeforeEach
  void join() throws Exception {
    Caller caller =
        new Caller(
            PeerSecret.random(new SecureRandom()),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
            "");
    supernodes =
        Supernodes.of(
            List.of(
                new Supernodes.Named(
                    "here",
                    new InetSocketAddress(0),
                    api,
                    Optional.empty(),
                    UnaryOperator.identity())),
            caller,
            caller,
            loop,
            new SupernodeClock(timers),
            () -> 0);
    onLoop(
        () ->
            loop.when(
                supernodes
                    .register(
                        new Supernodes.Registration(
                            CONTENT,
                            Optional.empty(),
                            List.of(),
                            true,
                            Supernodes.Registration.SHORT))
                    .answer(),
                registered -> {
                  member = registered.link().join(TASK.id(), registered.answer(), BitSet::new);
                  member.follow(events, () -> Optional.of(CONTENT));
                  member.want(PieceSpan.ALL);
                },
                failure -> {}));
    settle();
    ticker.advance(PollLoop.WISH_HOLD);
  }

  @AfterEach
  void close() {
    loop.close();
    timers.close();
  }

  void onLoop(Runnable task) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          task.run();
          done.complete(null);
        });
    done.get(10, TimeUnit.SECONDS);
  }

  /** An event leads to the next one on the loop: a few of them, and all has been done. */
  void settle() throws Exception {
    for (int i = 0; i < 10; i++) {
      onLoop(() -> {});
    }
  }

  static PollResponse answer(long number, TaskUpdate... updates) {
    return new PollResponse(number, List.of(updates), TERMS);
  }

  static TaskUpdate news() {
    return advice(TASK.id());
  }

  static TaskUpdate advice(TaskId task) {
    return new TaskUpdate(
        task,
        TaskUpdate.State.ACTIVE,
        Optional.empty(),
        OptionalLong.empty(),
        PieceDigests.NONE,
        List.of(),
        List.of(),
        Optional.of(Advice.NONE),
        List.of(),
        Optional.empty());
  }

  static PieceResult result(int piece) {
    return new PieceResult(piece, SUPERNODE, Outcome.DONE, 1);
  }
}
