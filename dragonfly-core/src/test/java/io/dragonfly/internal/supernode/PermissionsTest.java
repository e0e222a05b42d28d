package io.dragonfly.internal.supernode;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Caller;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.Requester;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.FirstComeScheduler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Permissions by themselves; see {@link PermissionTest} for what peers see of them. */
class PermissionsTest {
  private final FakeTicker ticker = new FakeTicker();
  private final PeerId cdn = PeerSecret.random(new SecureRandom()).id();
  private final SupernodeExecutors executors =
      new SupernodeExecutors(
          ticker.clock(), ticker, ticker, ticker.timer(), Runnable::run, Runnable::run);
  private final SwarmState state =
      new SwarmState(
          new FirstComeScheduler(),
          3,
          cdn,
          new Budgets(1),
          new Revocations(cdn, revoked -> {}, executors),
          (peer, isolation) -> {});
  private final Permissions permissions =
      new Permissions(
          state,
          executors,
          (key, access) -> {
            throw new IllegalStateException("a defect");
          },
          task -> {},
          () -> {},
          event -> {});

  private List<Runnable> check(Session session) {
    synchronized (state) {
      return permissions.check(session);
    }
  }

  @Test
  void aQuestionThatThrowsIsAskedAgain() {
    ContentRequest content = ContentRequest.of(URI.create("fake://host/file"));
    SourceVersion version = new SourceVersion(Optional.of("1"), OptionalLong.of(1));
    SwarmTask task = new SwarmTask(Task.of(content.key(), version, Optional.empty(), ""));
    InetAddress here = InetAddress.getLoopbackAddress();
    Caller caller =
        new Caller(PeerSecret.random(new SecureRandom()), new InetSocketAddress(here, 1), "");
    Session session = new Session(caller, HostKey.of(here));
    Member member = new Member(session, task);
    Access access = new Access(content, Requester.THIS_MACHINE, "fingerprint");
    member.permitted(Permission.bySource(access, ticker.clock().instant()));
    task.add(member);
    session.wanting.add(member);
    ticker.pass(SupernodeSettings.TICKET_LIFE);

    List<Runnable> probes = check(session);
    assertThat(probes).hasSize(1);
    probes.forEach(Runnable::run);
    assertThat(check(session)).isEmpty();

    ticker.pass(Permissions.AGAIN);
    assertThat(check(session)).hasSize(1);
  }
}
