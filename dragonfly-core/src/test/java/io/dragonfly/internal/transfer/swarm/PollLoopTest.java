package io.dragonfly.internal.transfer.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Advice;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.Push;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** When a peer asks what is next, and what it says with that. */
class PollLoopTest extends MemberTests {
  private static final Push PUSH =
      new Push("https://host/file", new TaskId("ab".repeat(32)), "ticket");

  @Test
  void aNewWishDoesNotWaitForCompany() throws Exception {
    assertThat(api.poll().request().reports().get(0).wanted()).isEqualTo(PieceSpan.ALL);
  }

  @Test
  void whoTakesPreheatsIsToldOfThemAndAsksAgain() throws Exception {
    BlockingQueue<Pushed> told = new LinkedBlockingQueue<>();
    api.poll().answer().complete(answer(1));
    onLoop(() -> supernodes.giving().get(0).acceptPreheats(told::add));
    settle();
    ticker.advance(PollLoop.HOLD);
    Api.Poll poll = api.poll();

    assertThat(poll.request().acceptsPreheats()).isTrue();
    poll.answer().complete(new PollResponse(2, List.of(), List.of(PUSH), TERMS));
    assertThat(told.poll(10, TimeUnit.SECONDS))
        .isEqualTo(new Pushed(supernodes.giving().get(0), PUSH));
    settle();
    ticker.advance(PollLoop.HOLD);
    assertThat(api.poll().request().answered()).isEqualTo(2);
  }

  @Test
  void oneResultWaitsForCompany() throws Exception {
    api.poll();
    onLoop(() -> member.report(result(0)));
    ticker.advance(PollLoop.HOLD.minusMillis(1));
    assertThat(api.polls).isEmpty();
    onLoop(() -> member.report(result(1)));
    ticker.advance(Duration.ofMillis(1));
    assertThat(api.poll().request().reports().get(0).results())
        .containsExactly(result(0), result(1));
  }

  @Test
  void sixteenResultsGoAtOnce() throws Exception {
    api.poll();
    reportResults(20);
    Api.Poll second = api.poll();
    assertThat(second.request().reports().get(0).results()).hasSize(16);
    second.answer().complete(answer(1, news()));
    settle();
    ticker.advance(PollLoop.HOLD);
    assertThat(api.poll().request().reports().get(0).results()).hasSize(4);
  }

  @Test
  void whatCameMeanwhileGoesWithTheNextCallUpToABound() throws Exception {
    Api.Poll first = api.poll();
    reportResults(16 + Reporting.MOST_RESULTS + 20);
    Api.Poll second = api.poll();
    events.underWay = 40;
    first.answer().complete(answer(1, news()));
    second.answer().complete(answer(2, news()));
    Api.Poll third = api.poll();
    assertThat(third.request().reports().get(0).results()).hasSize(Reporting.MOST_RESULTS);
    third.answer().complete(answer(3, news()));
    assertThat(api.poll().request().reports().get(0).results()).hasSize(20);
  }

  @Test
  void theMoreIsUnderWayTheMoreResultsWait() throws Exception {
    Api.Poll first = api.poll();
    events.underWay = 100;
    first.answer().complete(answer(1, news()));
    settle();
    reportResults(24);
    assertThat(api.polls).isEmpty();
    reportResults(1);
    assertThat(api.poll().request().reports().get(0).results()).hasSize(25);
  }

  @Test
  void resultsOfAllTasksCount() throws Exception {
    api.poll();
    Membership other = otherMember();
    onLoop(
        () -> {
          for (int i = 0; i < 8; i++) {
            member.report(result(i));
            other.report(result(i));
          }
        });
    assertThat(api.poll().request().reports())
        .extracting(report -> report.results().size())
        .containsExactlyInAnyOrder(8, 8);
  }

  @Test
  void twoPollsDoNotMakeTheSupernodeRepeatItself() throws Exception {
    Api.Poll first = api.poll();
    onLoop(() -> member.report(result(0)));
    ticker.advance(PollLoop.HOLD);
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
  void whoFailsToProcessAnAnswerAsksAgain() throws Exception {
    events.defect = new IllegalStateException("a defect of the engine");
    api.poll().answer().complete(answer(1, news()));
    settle();
    ticker.advance(PollLoop.HOLD);
    assertThat(api.poll().request().answered()).isEqualTo(1);
  }

  @Test
  void aDefectInOneTaskIsNoneInAnother() throws Exception {
    Membership other = otherMember();
    Events others = new Events();
    onLoop(
        () -> {
          other.follow(others, () -> Optional.of(CONTENT));
          other.want(PieceSpan.ALL);
        });
    settle();
    ticker.advance(PollLoop.HOLD);
    events.defect = new IllegalStateException("a defect of the engine");
    api.poll().answer().complete(answer(2, news(), advice(other.task())));
    assertThat(others.advices.poll(10, TimeUnit.SECONDS)).isEqualTo(Advice.NONE);
  }

  @Test
  void whatIsWrongWithTheWholeAnswerDoesNotEndThePolls() throws Exception {
    api.poll().answer().complete(answer(1));
    onLoop(
        () ->
            member
                .link()
                .acceptPreheats(
                    content -> {
                      throw new IllegalStateException("a defect of the engine");
                    }));
    settle();
    ticker.advance(PollLoop.HOLD);
    api.poll().answer().complete(new PollResponse(2, List.of(), List.of(PUSH), TERMS));
    settle();
    ticker.advance(Duration.ofSeconds(1));
    assertThat(api.poll().request().answered()).isEqualTo(2);
  }

  @Test
  void anAnswerThatSaysNothingIsNotAnsweredAtOnce() throws Exception {
    api.poll().answer().complete(answer(1));
    settle();
    assertThat(api.polls).isEmpty();
    ticker.advance(PollLoop.HOLD);
    assertThat(api.poll().request().answered()).isEqualTo(1);
  }

  @Test
  void whoHasPlentyToTakeCallsLessOften() throws Exception {
    Api.Poll first = api.poll();
    events.underWay = 8;
    first.answer().complete(answer(1, news()));
    settle();
    events.underWay = 5;
    reportResults(3);
    ticker.advance(PollLoop.BUSY_HOLD.minusMillis(1));
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
    for (int holds = 1; holds < PollLoop.MOST_HOLDS; holds++) {
      ticker.advance(PollLoop.BUSY_HOLD);
      settle();
      assertThat(api.polls).isEmpty();
    }
    ticker.advance(PollLoop.BUSY_HOLD);
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
    ticker.advance(PollLoop.HOLD);
    assertThat(api.poll().request().reports().get(0).results()).containsExactly(result(0));
  }

  @Test
  void whoHasDoneHalfOfItWithAFewResultsAsksForMoreAtOnce() throws Exception {
    Api.Poll first = api.poll();
    events.underWay = 8;
    first.answer().complete(answer(1, news()));
    settle();
    events.underWay = 4;
    reportResults(4);
    assertThat(api.poll().request().reports().get(0).results()).hasSize(3);
  }

  @Test
  void otherNewsDoNotWaitAsLongAsResults() throws Exception {
    Api.Poll first = api.poll();
    events.underWay = 8;
    first.answer().complete(answer(1, news()));
    settle();
    onLoop(() -> member.withdraw(3));
    ticker.advance(PollLoop.HOLD);
    assertThat(api.poll().request().reports().get(0).withdrawn()).containsExactly(3);
  }

  /** Who holds very much names all of it soon, in calls that a supernode reads. */
  @Test
  void veryManyTasksAreNamedInSeveralCalls() throws Exception {
    Api.Poll asleep = api.poll();
    Set<TaskId> all = offerMany();
    asleep = nameAll(all, Optional.of(asleep), 1);

    // Then there is nothing to say, and they are named in turn.
    ticker.advance(Duration.ofSeconds(1));
    asleep.answer().complete(answer(1_000_000));
    settle();
    ticker.advance(PollLoop.HOLD);
    asleep = api.poll();
    assertThat(asleep.request().reports()).hasSize(1 + Reporting.MOST_IDLE);

    // It counts from 1 again: it was started anew, and may know none of them.
    asleep.answer().complete(answer(1));
    settle();
    ticker.advance(PollLoop.HOLD);
    nameAll(all, Optional.empty(), 2);
  }

  /** Each that is named costs as much as one of which there is something to say. */
  @Test
  void tasksThatNothingIsWantedOfAreNotNamedInEachCall() throws Exception {
    Api.Poll asleep = api.poll();
    asleep = nameAll(offer(3), Optional.of(asleep), 1);
    for (int number = 101; number < 110; number++) {
      asleep.answer().complete(answer(number, news()));
      asleep = api.poll();
      assertThat(asleep.request().reports()).hasSize(1);
    }
    ticker.advance(Duration.ofSeconds(1));
    asleep.answer().complete(answer(110, news()));
    assertThat(api.poll().request().reports()).hasSize(1 + 3);
  }

  @Test
  void whoWantsVeryManyTasksCallsOnceAllAreNamed() throws Exception {
    Api.Poll asleep = api.poll();
    Set<TaskId> all = offerMany();
    onLoop(() -> all.forEach(task -> member.link().member(task).orElseThrow().want(PieceSpan.ALL)));
    nameAll(all, PieceSpan.ALL, Optional.of(asleep), 1);

    settle();
    ticker.advance(Duration.ofSeconds(1));
    settle();
    assertThat(api.polls).isEmpty();
  }

  /** A piece of one task must not cost a look at thousands of others. */
  @Test
  void tasksThatAreOnlyGivenAreNotLookedAt() throws Exception {
    Api.Poll asleep = api.poll();
    Set<TaskId> given = offer(3);
    nameAll(given, Optional.of(asleep), 1);
    assertThat(awake()).containsExactly(member);

    Membership other = member.link().member(given.iterator().next()).orElseThrow();
    onLoop(() -> other.report(result(0)));
    assertThat(awake()).containsExactlyInAnyOrder(member, other);
    onLoop(other::leave);
    assertThat(awake()).containsExactly(member);
  }

  private List<Membership> awake() throws Exception {
    List<Membership> awake = new ArrayList<>();
    onLoop(() -> awake.addAll(member.link().awake()));
    return awake;
  }

  private void reportResults(int count) throws Exception {
    onLoop(
        () -> {
          for (int i = 0; i < count; i++) {
            member.report(result(i));
          }
        });
  }

  private Membership otherMember() throws Exception {
    TaskId task = offer(1).iterator().next();
    api.poll().answer().complete(answer(1));
    settle();
    return member.link().member(task).orElseThrow();
  }

  private Set<TaskId> offerMany() throws Exception {
    return offer(9000);
  }

  private Set<TaskId> offer(int count) throws Exception {
    BitSet held = new BitSet();
    held.set(0);
    Map<TaskId, Supplier<BitSet>> holdings = new HashMap<>();
    for (int i = 0; i < count; i++) {
      ContentRequest content = ContentRequest.of(URI.create("https://source.test/" + i));
      TaskId task = Task.of(content.key(), TASK.version(), Optional.empty(), "").id();
      holdings.put(task, () -> held);
    }
    onLoop(
        () -> {
          var unused = member.link().offer(holdings, id -> Optional.empty(), Set.of());
        });
    settle();
    ticker.advance(PollLoop.HOLD);
    return holdings.keySet();
  }

  private Api.Poll nameAll(Set<TaskId> all, Optional<Api.Poll> open, long number) throws Exception {
    return nameAll(all, PieceSpan.NONE, open, number);
  }

  /** Plays a supernode that has nothing to say: a call returns when the next one comes. */
  private Api.Poll nameAll(Set<TaskId> all, PieceSpan wanted, Optional<Api.Poll> open, long number)
      throws Exception {
    Set<TaskId> named = new HashSet<>();
    Optional<Api.Poll> before = open;
    for (int pages = 1; !named.containsAll(all); pages++) {
      Api.Poll page = api.poll();
      assertThat(pages).isLessThanOrEqualTo(7);
      assertThat(page.request().reports()).hasSizeBetween(1, 1700);
      page.request().reports().stream()
          .filter(report -> report.wanted().equals(wanted))
          .forEach(report -> named.add(report.task()));
      before.ifPresent(poll -> poll.answer().complete(answer(number + named.size())));
      before = Optional.of(page);
      settle();
      ticker.advance(PollLoop.HOLD);
    }
    assertThat(api.polls).isEmpty();
    return before.orElseThrow();
  }
}
