package io.dragonfly.internal.transfer.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Advice;
import io.dragonfly.control.Caller;
import io.dragonfly.control.LeaveAnswer;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.NextAnswer;
import io.dragonfly.control.NextRequest;
import io.dragonfly.control.OfferAnswer;
import io.dragonfly.control.OfferRequest;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.RegisterAnswer;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.control.Terms;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SupernodeUnreachableException;
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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class NextLoopTest {
  private static final ContentRequest CONTENT =
      ContentRequest.of(URI.create("https://source.test/a"));
  private static final Task TASK =
      Task.of(
          CONTENT.key(),
          new SourceVersion(Optional.of("\"1\""), OptionalLong.of(100 << 20)),
          Optional.empty(),
          "");
  private static final PeerId SUPERNODE = PeerSecret.random(new SecureRandom()).id();
  private static final Terms TERMS = new Terms(SUPERNODE, Instant.EPOCH, Duration.ofSeconds(15));

  private final FakeTicker ticker = new FakeTicker();
  private final Timers timers = new Timers(ticker.timer(), ticker);
  private final EventLoop loop = new EventLoop("dragonfly-engine", timers);
  private final Api api = new Api();
  private final Events events = new Events();
  private Supernodes supernodes;
  private Membership member;

  /** Polls wait in a queue until the test answers them. */
  private static final class Api implements SupernodeApi {
    private record Poll(NextRequest request, CompletableFuture<NextAnswer> answer) {}

    private final BlockingQueue<Poll> polls = new LinkedBlockingQueue<>();
    private final List<RegisterRequest> registrations = new ArrayList<>();
    private Supplier<CompletableFuture<RegisterAnswer>> registration =
        () -> CompletableFuture.completedFuture(answer(TASK));

    private static RegisterAnswer answer(Task task) {
      return new RegisterAnswer(
          task, "ticket", PieceDigests.NONE, Optional.empty(), Advice.NONE, TERMS);
    }

    @Override
    public synchronized CompletableFuture<RegisterAnswer> register(RegisterRequest request) {
      registrations.add(request);
      return registration.get();
    }

    @Override
    public CompletableFuture<OfferAnswer> offer(OfferRequest request) {
      return CompletableFuture.completedFuture(new OfferAnswer(List.of(), TERMS));
    }

    @Override
    public CompletableFuture<NextAnswer> next(NextRequest request) {
      Poll poll = new Poll(request, new CompletableFuture<>());
      polls.add(poll);
      return poll.answer();
    }

    @Override
    public CompletableFuture<LeaveAnswer> leave(LeaveRequest request) {
      return CompletableFuture.completedFuture(new LeaveAnswer());
    }

    Poll poll() throws InterruptedException {
      Poll poll = polls.poll(10, TimeUnit.SECONDS);
      assertThat(poll).isNotNull();
      return poll;
    }
  }

  private static final class Events implements TaskEvents {
    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private volatile int underWay;

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
    public void advised(Advice advice) {}

    @Override
    public void failed(DistributionException failure) {
      seen.add(failure.kind().toString());
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
            List.of(new Supernodes.Named("here", new InetSocketAddress(0), api)),
            caller,
            caller,
            loop,
            new SupernodeClock(timers),
            () -> 0);
    onLoop(
        () ->
            loop.when(
                supernodes.register(
                    new Supernodes.Registration(
                        CONTENT, Optional.empty(), List.of(), true, Supernodes.Registration.SHORT)),
                registered -> {
                  member = registered.link().join(TASK.id(), registered.answer(), BitSet::new);
                  member.follow(events, () -> Optional.of(CONTENT));
                  member.want(PieceSpan.ALL);
                },
                failure -> {}));
    settle();
    ticker.advance(NextLoop.WISH_HOLD);
  }

  @Test
  void aNewWishDoesNotWaitForCompany() throws Exception {
    assertThat(api.poll().request().reports().get(0).wanted()).isEqualTo(PieceSpan.ALL);
  }

  @Test
  void whoTakesPreheatsIsToldOfThemAndAsksAgain() throws Exception {
    BlockingQueue<ContentRequest> told = new LinkedBlockingQueue<>();
    api.poll().answer().complete(answer(1));
    onLoop(() -> supernodes.giving().get(0).takePreheats(told::add));
    settle();
    ticker.advance(NextLoop.HOLD);
    Api.Poll poll = api.poll();

    assertThat(poll.request().takesPreheats()).isTrue();
    poll.answer().complete(new NextAnswer(2, List.of(), List.of(CONTENT), TERMS));
    assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo(CONTENT);
    settle();
    ticker.advance(NextLoop.HOLD);
    assertThat(api.poll().request().answered()).isEqualTo(2);
  }

  @Test
  void notMoreThanSixteenRegistrationsOfOneSourceAreUnderWay() throws Exception {
    List<CompletableFuture<RegisterAnswer>> calls = new ArrayList<>();
    List<CompletableFuture<Supernodes.Registered>> asked = new ArrayList<>();
    api.registration =
        () -> {
          CompletableFuture<RegisterAnswer> call = new CompletableFuture<>();
          calls.add(call);
          return call;
        };
    onLoop(
        () -> {
          for (int i = 0; i < 30; i++) {
            asked.add(
                supernodes.register(
                    new Supernodes.Registration(
                        CONTENT,
                        Optional.empty(),
                        List.of(),
                        true,
                        Supernodes.Registration.SHORT)));
          }
        });
    settle();
    assertThat(calls).hasSize(16);

    onLoop(() -> asked.get(20).cancel(false)); // waits, and will not come
    calls.get(0).completeExceptionally(new CallRefusedException("no"));
    settle();
    assertThat(asked.get(0)).isCompletedExceptionally();
    assertThat(calls).hasSize(17);
    // Whoever has waited has as long for an answer as the first had.
    ticker.advance(Duration.ofSeconds(10));
    calls.get(1).completeExceptionally(new CallRefusedException("no"));
    settle();
    calls.get(17).completeExceptionally(new SupernodeUnreachableException("silent"));
    settle();
    assertThat(asked.get(17)).isNotDone();
    ticker.advance(Duration.ofMillis(200));
    settle();
    assertThat(calls).hasSize(19);
  }

  @AfterEach
  void close() {
    loop.close();
    timers.close();
  }

  private void onLoop(Runnable task) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          task.run();
          done.complete(null);
        });
    done.get(10, TimeUnit.SECONDS);
  }

  /** An event leads to the next one on the loop: a few of them, and all has been done. */
  private void settle() throws Exception {
    for (int i = 0; i < 10; i++) {
      onLoop(() -> {});
    }
  }

  private static NextAnswer answer(long number, TaskUpdate... updates) {
    return new NextAnswer(number, List.of(updates), TERMS);
  }

  private static TaskUpdate news() {
    return new TaskUpdate(
        TASK.id(),
        TaskUpdate.State.ACTIVE,
        Optional.empty(),
        OptionalLong.empty(),
        PieceDigests.NONE,
        List.of(),
        List.of(),
        Optional.of(Advice.NONE),
        List.of());
  }

  private static PieceResult result(int piece) {
    return new PieceResult(piece, SUPERNODE, Outcome.DONE, 1);
  }

  @Test
  void oneResultWaitsForCompany() throws Exception {
    api.poll();
    onLoop(() -> member.report(result(0)));
    ticker.advance(NextLoop.HOLD.minusMillis(1));
    assertThat(api.polls).isEmpty();
    onLoop(() -> member.report(result(1)));
    ticker.advance(Duration.ofMillis(1));
    assertThat(api.poll().request().reports().get(0).results())
        .containsExactly(result(0), result(1));
  }

  @Test
  void sixteenResultsGoAtOnceAndNoMoreWithOneCall() throws Exception {
    api.poll();
    onLoop(
        () -> {
          for (int i = 0; i < 20; i++) {
            member.report(result(i));
          }
        });
    Api.Poll second = api.poll();
    assertThat(second.request().reports().get(0).results()).hasSize(16);
    second.answer().complete(answer(1, news()));
    settle();
    ticker.advance(NextLoop.HOLD);
    assertThat(api.poll().request().reports().get(0).results()).hasSize(4);
  }

  @Test
  void twoPollsDoNotMakeTheSupernodeRepeatItself() throws Exception {
    Api.Poll first = api.poll();
    onLoop(() -> member.report(result(0)));
    ticker.advance(NextLoop.HOLD);
    Api.Poll second = api.poll();
    assertThat(second.request().answered()).isZero();
    first.answer().complete(answer(1, news()));
    settle();
    ticker.advance(Duration.ofSeconds(1));
    assertThat(api.polls).isEmpty();
    second.answer().complete(answer(2, news()));
    assertThat(api.poll().request().answered()).isEqualTo(2);
    assertThat(api.polls).isEmpty();
  }

  @Test
  void anAnswerThatSaysNothingIsNotAnsweredAtOnce() throws Exception {
    api.poll().answer().complete(answer(1));
    settle();
    assertThat(api.polls).isEmpty();
    ticker.advance(NextLoop.HOLD);
    assertThat(api.poll().request().answered()).isEqualTo(1);
  }

  @Test
  void whoHasPlentyToTakeCallsLessOften() throws Exception {
    Api.Poll first = api.poll();
    events.underWay = 8;
    first.answer().complete(answer(1, news()));
    settle();
    events.underWay = 5;
    onLoop(
        () -> {
          for (int i = 0; i < 3; i++) {
            member.report(result(i));
          }
        });
    ticker.advance(NextLoop.BUSY_HOLD.minusMillis(1));
    assertThat(api.polls).isEmpty();
    ticker.advance(Duration.ofMillis(1));
    Api.Poll second = api.poll();
    assertThat(second.request().answered()).isEqualTo(1);
    assertThat(second.request().reports().get(0).results()).hasSize(3);
  }

  @Test
  void fewResultsOfWhoHasPlentyWaitLonger() throws Exception {
    Api.Poll first = api.poll();
    events.underWay = 8;
    first.answer().complete(answer(1, news()));
    settle();
    onLoop(() -> member.report(result(0)));
    for (int holds = 1; holds < NextLoop.MOST_HOLDS; holds++) {
      ticker.advance(NextLoop.BUSY_HOLD);
      settle();
      assertThat(api.polls).isEmpty();
    }
    ticker.advance(NextLoop.BUSY_HOLD);
    assertThat(api.poll().request().reports().get(0).results()).containsExactly(result(0));
  }

  @Test
  void whoHasDoneHalfOfItAsksForMoreSoon() throws Exception {
    Api.Poll first = api.poll();
    events.underWay = 8;
    first.answer().complete(answer(1, news()));
    settle();
    events.underWay = 4;
    onLoop(() -> member.report(result(0)));
    ticker.advance(NextLoop.HOLD);
    assertThat(api.poll().request().reports().get(0).results()).containsExactly(result(0));
  }

  @Test
  void otherNewsDoNotWaitAsLongAsResults() throws Exception {
    Api.Poll first = api.poll();
    events.underWay = 8;
    first.answer().complete(answer(1, news()));
    settle();
    onLoop(() -> member.withdraw(3));
    ticker.advance(NextLoop.HOLD);
    assertThat(api.poll().request().reports().get(0).withdrawn()).containsExactly(3);
  }

  @Test
  void whatACallThatFailedReportedIsReportedAgain() throws Exception {
    api.poll().answer().complete(answer(1, news()));
    api.poll();
    onLoop(() -> member.report(result(0)));
    ticker.advance(NextLoop.HOLD);
    Api.Poll lost = api.poll();
    lost.answer().completeExceptionally(new SupernodeUnreachableException("gone"));
    assertThat(events.next()).isEqualTo("lost");
    settle();
    ticker.advance(Duration.ofMillis(100));
    Api.Poll again = api.poll();
    assertThat(again.request().reports().get(0).results()).containsExactly(result(0));
    again.answer().complete(answer(2));
    assertThat(events.next()).isEqualTo("back");
  }

  @Test
  void triesBecomeRarerWhileTheSupernodeIsLost() throws Exception {
    Duration[] pauses = {
      Duration.ofMillis(100),
      Duration.ofMillis(200),
      Duration.ofMillis(400),
      Duration.ofMillis(800),
      Duration.ofMillis(1600),
      Duration.ofSeconds(2),
      Duration.ofSeconds(2)
    };
    for (Duration pause : pauses) {
      api.poll().answer().completeExceptionally(new SupernodeUnreachableException("gone"));
      settle();
      ticker.advance(pause.minusMillis(1));
      assertThat(api.polls).isEmpty();
      ticker.advance(Duration.ofMillis(1));
      settle();
      assertThat(api.polls).hasSize(1);
    }
    assertThat(events.seen).containsExactly("lost");
  }

  @Test
  void aPollWithoutAnAnswerIsGivenUp() throws Exception {
    api.poll();
    settle();
    ticker.advance(Duration.ofSeconds(15));
    assertThat(events.next()).isEqualTo("lost");
  }

  @Test
  void aTaskThatIsNotKnownIsRegisteredAgain() throws Exception {
    CompletableFuture<RegisterAnswer> slow = new CompletableFuture<>();
    api.registration = () -> slow;
    api.poll().answer().complete(answer(1, TaskUpdate.unknown(TASK.id())));
    Api.Poll meanwhile = api.poll();
    assertThat(meanwhile.request().reports()).isEmpty();
    assertThat(api.registrations.get(1).ticket()).contains("ticket");
    slow.complete(Api.answer(TASK));
    settle();
    ticker.advance(NextLoop.HOLD);
    assertThat(api.poll().request().reports().get(0).wanted()).isEqualTo(PieceSpan.ALL);
  }

  /** Who holds very much names all of it soon, in calls that a supernode reads. */
  @Test
  void veryManyTasksAreNamedInSeveralCalls() throws Exception {
    Api.Poll asleep = api.poll();
    Set<TaskId> all = offerMany();
    asleep = nameAll(all, Optional.of(asleep), 1);

    // Then there is nothing to say, and they are named in turn.
    asleep.answer().complete(answer(1_000_000));
    settle();
    ticker.advance(NextLoop.HOLD);
    asleep = api.poll();
    assertThat(asleep.request().reports()).hasSize(1 + Reporting.MOST_IDLE);

    // It counts from 1 again: it was started anew, and may know none of them.
    asleep.answer().complete(answer(1));
    settle();
    ticker.advance(NextLoop.HOLD);
    nameAll(all, Optional.empty(), 2);
  }

  @Test
  void whoWantsVeryManyTasksCallsOnceAllAreNamed() throws Exception {
    Api.Poll asleep = api.poll();
    Set<TaskId> all = offerMany();
    onLoop(() -> all.forEach(task -> member.link().member(task).orElseThrow().want(PieceSpan.ALL)));
    nameAll(all, Optional.of(asleep), 1);

    settle();
    ticker.advance(Duration.ofSeconds(1));
    settle();
    assertThat(api.polls).isEmpty();
  }

  private Set<TaskId> offerMany() throws Exception {
    BitSet held = new BitSet();
    held.set(0);
    Map<TaskId, Supplier<BitSet>> holdings = new HashMap<>();
    for (int i = 0; i < 9000; i++) {
      ContentRequest content = ContentRequest.of(URI.create("https://source.test/" + i));
      TaskId task = Task.of(content.key(), TASK.version(), Optional.empty(), "").id();
      holdings.put(task, () -> held);
    }
    onLoop(
        () -> {
          var unused = member.link().offer(holdings);
        });
    settle();
    ticker.advance(NextLoop.HOLD);
    return holdings.keySet();
  }

  /** Plays a supernode that has nothing to say: a call returns when the next one comes. */
  private Api.Poll nameAll(Set<TaskId> all, Optional<Api.Poll> open, long number) throws Exception {
    Set<TaskId> named = new HashSet<>();
    Optional<Api.Poll> before = open;
    for (int pages = 1; !named.containsAll(all); pages++) {
      Api.Poll page = api.poll();
      assertThat(pages).isLessThanOrEqualTo(7);
      assertThat(page.request().reports()).hasSizeBetween(1, 1700);
      page.request().reports().forEach(report -> named.add(report.task()));
      before.ifPresent(poll -> poll.answer().complete(answer(number + named.size())));
      before = Optional.of(page);
      settle();
      ticker.advance(NextLoop.HOLD);
    }
    assertThat(api.polls).isEmpty();
    return before.orElseThrow();
  }

  @Test
  void anotherVersionAfterRegisteringAgainIsAChange() throws Exception {
    Task other =
        Task.of(
            CONTENT.key(),
            new SourceVersion(Optional.of("\"2\""), OptionalLong.of(5)),
            Optional.empty(),
            "");
    api.registration = () -> CompletableFuture.completedFuture(Api.answer(other));
    api.poll().answer().complete(answer(1, TaskUpdate.unknown(TASK.id())));
    assertThat(events.next()).isEqualTo("SOURCE_CHANGED");
  }

  @Test
  void aRefusedPeerIsToldSo() throws Exception {
    api.poll().answer().completeExceptionally(new CallRefusedException("not from there"));
    assertThat(events.next()).isEqualTo("CALL_REFUSED");
  }

  @Test
  void aCallThatThrowsCountsAsUnreachable() throws Exception {
    api.registration =
        () -> {
          throw new IllegalStateException("a defect");
        };
    api.poll().answer().complete(answer(1, TaskUpdate.unknown(TASK.id())));
    settle();
    ticker.advance(NextLoop.HOLD);
    assertThat(events.seen).isEmpty();
    assertThat(api.poll().request().answered()).isEqualTo(1);
  }
}
