package io.dragonfly.internal.transfer.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.task.TaskId;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A task is deleted while it is offered: nobody must be told to download it from this peer. */
class OfferedTaskTest extends MemberTests {
  private static final TaskId HELD = new TaskId("0f".repeat(32));

  private final CompletableFuture<AnnounceResponse> offer = new CompletableFuture<>();
  private Set<TaskId> left = Set.of();

  private void begin() throws Exception {
    api.offering = () -> offer;
    onLoop(() -> left = member.link().beginOffer());
  }

  private void offer() throws Exception {
    onLoop(
        () -> {
          var unused =
              member.link().offer(Map.of(HELD, BitSet::new), id -> Optional.of("ticket"), left);
        });
  }

  private void answer() throws Exception {
    offer.complete(new AnnounceResponse(List.of(), TERMS));
    settle();
  }

  private boolean isMember() throws Exception {
    CompletableFuture<Boolean> is = new CompletableFuture<>();
    onLoop(() -> is.complete(member.link().member(HELD).isPresent()));
    return is.join();
  }

  @Test
  void aTaskThatIsStillHeldIsGivenFromTheAnswerOn() throws Exception {
    begin();
    offer();
    answer();

    assertThat(isMember()).isTrue();
    assertThat(api.left).isEmpty();
  }

  @Test
  void aTaskThatIsLeftWhileItIsOfferedIsLeftAtTheSupernodeToo() throws Exception {
    begin();
    offer();
    onLoop(() -> member.link().leave(HELD));
    answer();

    assertThat(isMember()).isFalse();
    assertThat(api.left).extracting(LeaveRequest::task).containsExactly(Optional.of(HELD));
  }

  @Test
  void aTaskThatIsLeftWhileTheStoreIsListedCountsAsLeft() throws Exception {
    begin();
    onLoop(() -> member.link().leave(HELD));

    assertThat(left).containsExactly(HELD);
  }

  @Test
  void anOfferThatHasEndedTakesNoNoteOfWhatIsLeftLater() throws Exception {
    begin();
    offer();
    answer();
    onLoop(() -> member.link().leave(HELD));

    assertThat(left).isEmpty();
    assertThat(isMember()).isFalse();
  }
}
