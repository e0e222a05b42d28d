package io.dragonfly.internal.transfer.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Push;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.CallRefusedException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A member without credentials: the supernode wants this peer to have the task. */
class PushedMemberTest extends MemberTests {
  private RegisterRequest registrationAfterTheTaskIsForgotten() throws Exception {
    Push push = new Push(CONTENT.url().toString(), TASK.id(), "push");
    Pushed pushed = new Pushed(member.link(), push);
    onLoop(() -> member.follow(events, Optional::empty, () -> Optional.of(pushed)));
    int before = api.registrations.size();
    api.poll().answer().complete(answer(1, TaskUpdate.unknown(TASK.id())));
    settle();
    assertThat(api.registrations).hasSize(before + 1);
    return api.registrations.get(before);
  }

  @Test
  void registersAgainWithTheTicketOfThePush() throws Exception {
    RegisterRequest again = registrationAfterTheTaskIsForgotten();

    assertThat(again.isPushed()).isTrue();
    assertThat(again.ticket()).contains("push");
    assertThat(again.content()).isEqualTo(CONTENT);
    assertThat(events.seen).isEmpty();
    assertThat(member.link().member(TASK.id())).contains(member);
  }

  @Test
  void endsAtOnceIfTheTicketIsNotValidAnyMore() throws Exception {
    api.registration =
        () -> CompletableFuture.failedFuture(new CallRefusedException("preheat the file again"));
    var unused = registrationAfterTheTaskIsForgotten();

    assertThat(events.next()).isEqualTo("CALL_REFUSED");
  }
}
