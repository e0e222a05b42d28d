package io.dragonfly.internal.transfer.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.Queued;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Calls that fail, and registrations: how many at once, and once more. */
class LostCallsTest extends MemberTests {
  private static Supernodes.Registration registration(Duration patience) {
    return new Supernodes.Registration(CONTENT, Optional.empty(), List.of(), true, patience);
  }

  @Test
  void notMoreThanSixteenRegistrationsOfOneSourceAreUnderWay() throws Exception {
    List<CompletableFuture<RegisterResponse>> calls = new ArrayList<>();
    List<Supernodes.Registering> asked = new ArrayList<>();
    api.registration =
        () -> {
          CompletableFuture<RegisterResponse> call = new CompletableFuture<>();
          calls.add(call);
          return call;
        };
    onLoop(
        () -> {
          for (int i = 0; i < 30; i++) {
            asked.add(supernodes.register(registration(Supernodes.Registration.SHORT)));
          }
        });
    settle();
    assertThat(calls).hasSize(16);
    onLoop(
        () -> {
          assertThat(asked.get(15).queued().get()).isEmpty();
          assertThat(asked.get(17).queued().get())
              .contains(new Queued(Queued.Reason.SOURCE, 2, 14));
        });

    onLoop(() -> asked.get(20).answer().cancel(false)); // waits, and will not come
    calls.get(0).completeExceptionally(new CallRefusedException("no"));
    settle();
    assertThat(asked.get(0).answer()).isCompletedExceptionally();
    assertThat(calls).hasSize(17);
    // Whoever has waited has as long for an answer as the first had.
    ticker.advance(Duration.ofSeconds(10));
    calls.get(1).completeExceptionally(new CallRefusedException("no"));
    settle();
    calls.get(17).completeExceptionally(new SupernodeUnreachableException("silent"));
    settle();
    assertThat(asked.get(17).answer()).isNotDone();
    ticker.advance(Duration.ofMillis(200));
    settle();
    assertThat(calls).hasSize(19);
  }

  @Test
  void whatACallThatFailedReportedIsReportedAgain() throws Exception {
    api.poll().answer().complete(answer(1, news()));
    api.poll();
    onLoop(() -> member.report(result(0)));
    ticker.advance(PollLoop.HOLD);
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
  void aSupernodeThatAnswersLateIsNotDown() throws Exception {
    List<CompletableFuture<AnnounceResponse>> asked = new CopyOnWriteArrayList<>();
    api.offering =
        () -> {
          CompletableFuture<AnnounceResponse> answer = new CompletableFuture<>();
          asked.add(answer);
          return answer;
        };
    api.registration = CompletableFuture::new;
    List<CompletableFuture<Supernodes.Registered>> registered = new ArrayList<>();
    onLoop(
        () -> registered.add(supernodes.register(registration(Duration.ofSeconds(15))).answer()));
    List<Integer> times = new ArrayList<>();
    for (int second = 1; second <= 40; second++) {
      ticker.advance(Duration.ofSeconds(1));
      settle();
      while (times.size() < asked.size()) {
        times.add(second);
      }
      int due = times.indexOf(second - 7); // later than it is waited for
      if (due >= 0) {
        asked.get(due).complete(new AnnounceResponse(List.of(), TERMS));
        settle();
      }
    }
    assertThat(asked).hasSizeGreaterThan(3);
    assertThat(registered.get(0)).isNotDone();
  }

  @Test
  void aTaskThatIsNotKnownIsRegisteredAgain() throws Exception {
    CompletableFuture<RegisterResponse> slow = new CompletableFuture<>();
    api.registration = () -> slow;
    api.poll().answer().complete(answer(1, TaskUpdate.unknown(TASK.id())));
    Api.Poll meanwhile = api.poll();
    assertThat(meanwhile.request().reports()).isEmpty();
    assertThat(api.registrations.get(1).ticket()).contains("ticket");
    slow.complete(Api.answer(TASK));
    settle();
    ticker.advance(PollLoop.HOLD);
    assertThat(api.poll().request().reports().get(0).wanted()).isEqualTo(PieceSpan.ALL);
  }

  @Test
  void aTaskThatABusySupernodeDoesNotKnowIsRegisteredAgainWhenItWants() throws Exception {
    Duration pause = Duration.ofSeconds(3);
    int before = api.registrations.size();
    api.registration =
        () -> CompletableFuture.failedFuture(new BusyException("too many calls", pause));
    api.poll().answer().complete(answer(1, TaskUpdate.unknown(TASK.id())));
    assertThat(api.poll().request().reports()).isEmpty();
    settle();
    ticker.advance(pause.minusMillis(1));
    settle();
    assertThat(api.registrations).hasSize(before + 1);
    assertThat(api.polls).isEmpty();

    api.registration = () -> CompletableFuture.completedFuture(Api.answer(TASK));
    ticker.advance(Duration.ofMillis(1));
    settle();
    ticker.advance(PollLoop.HOLD);
    Api.Poll again = api.poll();
    assertThat(again.request().reports()).hasSize(1);
    again.answer().complete(answer(2, TaskUpdate.unknown(TASK.id())));
    settle();
    assertThat(api.registrations).hasSize(before + 2);
    assertThat(events.seen).containsOnly(Queued.of(Queued.Reason.SUPERNODE).toString());
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
  void aSupernodeThatIsBusyIsAskedAgainWhenItWantsAndIsNotLost() throws Exception {
    Duration pause = Duration.ofSeconds(3);
    api.poll().answer().completeExceptionally(new BusyException("too many calls", pause));
    settle();
    ticker.advance(pause.minusMillis(1));
    settle();
    assertThat(api.polls).isEmpty();
    ticker.advance(Duration.ofMillis(1));
    api.poll().answer().complete(answer(1, news()));
    api.poll();
    assertThat(events.seen).isEmpty();
  }

  @Test
  void aRegistrationWaitsForASupernodeThatIsBusy() throws Exception {
    Duration pause = Duration.ofSeconds(3);
    api.registration =
        () -> CompletableFuture.failedFuture(new BusyException("too many peers", pause));
    List<Supernodes.Registering> asked = new ArrayList<>();
    int before = api.registrations.size();
    onLoop(() -> asked.add(supernodes.register(registration(Supernodes.Registration.SHORT))));
    Supernodes.Registering registering = asked.get(0);
    settle();
    for (int tries = 1; tries <= 100; tries++) {
      assertThat(api.registrations).hasSize(before + tries);
      assertThat(registering.answer()).isNotDone();
      onLoop(
          () ->
              assertThat(registering.queued().get()).contains(Queued.of(Queued.Reason.SUPERNODE)));
      ticker.advance(pause);
      settle();
    }

    api.registration = () -> CompletableFuture.completedFuture(Api.answer(TASK));
    ticker.advance(pause);
    settle();
    assertThat(registering.answer()).isCompleted();
  }

  @Test
  void aRegistrationThatABusySupernodeHasBeforeItStillWaits() throws Exception {
    Duration pause = Duration.ofSeconds(3);
    api.registration =
        () -> CompletableFuture.failedFuture(new BusyException("too many peers", pause));
    List<Supernodes.Registering> asked = new ArrayList<>();
    onLoop(() -> asked.add(supernodes.register(registration(Supernodes.Registration.SHORT))));
    settle();
    api.registration = CompletableFuture::new; // asked again, it takes its time to respond
    ticker.advance(pause);
    settle();

    onLoop(
        () -> assertThat(asked.get(0).queued().get()).contains(Queued.of(Queued.Reason.SUPERNODE)));
  }

  @Test
  void aTaskThatABusySupernodeDoesNotKnowIsQueuedUntilItIsRegisteredAgain() throws Exception {
    String queued = Queued.of(Queued.Reason.SUPERNODE).toString();
    Duration pause = Duration.ofSeconds(3);
    api.registration =
        () -> CompletableFuture.failedFuture(new BusyException("too many calls", pause));
    api.poll().answer().complete(answer(1, TaskUpdate.unknown(TASK.id())));
    assertThat(events.next()).isEqualTo(queued);

    // A wait that is not reported again is over, so each response to a poll reports it.
    for (int number = 2; number < 5; number++) {
      api.poll().answer().complete(answer(number));
      assertThat(events.next()).isEqualTo(queued);
      settle();
      ticker.advance(PollLoop.HOLD);
    }

    api.registration = () -> CompletableFuture.completedFuture(Api.answer(TASK));
    ticker.advance(pause);
    settle();
    ticker.advance(PollLoop.HOLD);
    api.poll().answer().complete(answer(5, TaskUpdate.unknown(TASK.id())));
    settle();
    ticker.advance(PollLoop.HOLD);
    events.seen.clear();
    api.poll().answer().complete(answer(6, news()));
    api.poll();
    assertThat(events.seen).isEmpty();
  }

  @Test
  void aBusySupernodeThatWantsNoPauseIsAskedAgainAsWell() throws Exception {
    api.registration =
        () -> CompletableFuture.failedFuture(new BusyException("too many peers", Duration.ZERO));
    List<Supernodes.Registering> asked = new ArrayList<>();
    onLoop(() -> asked.add(supernodes.register(registration(Supernodes.Registration.SHORT))));
    settle();
    assertThat(asked.get(0).answer()).isNotDone();

    api.registration = () -> CompletableFuture.completedFuture(Api.answer(TASK));
    ticker.advance(Duration.ofSeconds(1));
    settle();
    assertThat(asked.get(0).answer()).isCompleted();
  }

  @Test
  void aBusySupernodeThatIsLostEndsARegistration() throws Exception {
    Duration pause = Duration.ofSeconds(1);
    api.registration =
        () -> CompletableFuture.failedFuture(new BusyException("too many peers", pause));
    List<Supernodes.Registering> asked = new ArrayList<>();
    onLoop(() -> asked.add(supernodes.register(registration(Supernodes.Registration.SHORT))));
    settle();
    api.registration = CompletableFuture::new;
    api.offering = CompletableFuture::new;
    for (int seconds = 0; seconds < 120 && !asked.get(0).answer().isDone(); seconds++) {
      ticker.advance(pause);
      settle();
    }
    assertThat(asked.get(0).answer()).isCompletedExceptionally();
  }

  @Test
  void aRegistrationThatIsCancelledIsNotMadeAgain() throws Exception {
    api.registration = () -> CompletableFuture.failedFuture(new BusyException("too many peers"));
    List<Supernodes.Registering> asked = new ArrayList<>();
    onLoop(() -> asked.add(supernodes.register(registration(Supernodes.Registration.SHORT))));
    settle();
    int before = api.registrations.size();

    onLoop(() -> asked.get(0).answer().cancel(false));
    ticker.advance(Duration.ofMinutes(1));
    settle();
    assertThat(api.registrations).hasSize(before);
  }

  @Test
  void aCallThatThrowsCountsAsUnreachable() throws Exception {
    api.registration =
        () -> {
          throw new IllegalStateException("a defect");
        };
    api.poll().answer().complete(answer(1, TaskUpdate.unknown(TASK.id())));
    settle();
    ticker.advance(PollLoop.HOLD);
    assertThat(events.seen).isEmpty();
    assertThat(api.poll().request().answered()).isEqualTo(1);
  }
}
