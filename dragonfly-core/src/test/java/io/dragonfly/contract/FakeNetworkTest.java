package io.dragonfly.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.Outcome;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeNetwork;
import io.dragonfly.testkit.FakePieces;
import io.dragonfly.testkit.FakeTransport;
import io.dragonfly.testkit.Fault;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.RecordingSink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The faults of {@link FakeNetwork} happen as they are asked for. */
@ExtendWith(LeakCheck.class)
class FakeNetworkTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final TaskId TASK = new TaskId("ab".repeat(32));
  private static final PeerId PARENT = new PeerId("01".repeat(16));
  private static final PeerId TAKER = new PeerId("02".repeat(16));
  private static final int LENGTH = 300_000;

  private final FakeNetwork network = new FakeNetwork();
  private final FakeTransport giving = new FakeTransport(network);
  private final FakeTransport taking = new FakeTransport(network);
  private final FakePieces pieces = new FakePieces();
  private final byte[] content = new byte[LENGTH];
  private Transport.Server server;

  @BeforeEach
  void serve() throws IOException {
    new Random(1).nextBytes(content);
    pieces.put(TASK, content);
    InetSocketAddress bind = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    server = giving.serve(ServeRequest.piecesOnly(bind, pieces));
  }

  @AfterEach
  void close() {
    taking.close();
    giving.close();
    pieces.close();
  }

  @Test
  void nothingGoesWrongUnlessAsked() {
    assertThat(take().awaitBytes(SOON)).isEqualTo(content);
    assertThat(network.takes()).hasSize(1);
  }

  @Test
  void bytesAreWrongFromWhereAsked() {
    network.inject(PARENT, Fault.wrongBytesAfter(100_000));

    byte[] got = take().awaitBytes(SOON);

    assertThat(got).startsWith(Arrays.copyOf(content, 100_000));
    assertThat(got[100_000]).isEqualTo((byte) ~content[100_000]);
  }

  @Test
  void aStalledTakeGoesOnWhenHealed() {
    network.inject(PARENT, Fault.stallAfter(100_000));
    RecordingSink sink = take();
    await().atMost(SOON).until(() -> sink.count() == 100_000);
    assertThat(sink.isDone()).isFalse();

    network.heal(PARENT);

    assertThat(sink.awaitBytes(SOON)).isEqualTo(content);
  }

  @Test
  void aTakeStalledBeforeItsAnswerGoesOnWhenHealed() {
    network.inject(PARENT, Fault.stall());
    RecordingSink sink = take();
    network.heal(PARENT);
    assertThat(sink.awaitBytes(SOON)).isEqualTo(content);
  }

  @Test
  void aConnectionDropsInTheMiddle() {
    network.inject(PARENT, Fault.dropAfter(70_000));
    RecordingSink sink = take();
    assertThat(sink.awaitFailure(SOON).outcome()).isEqualTo(Outcome.UNREACHABLE);
    assertThat(sink.count()).isEqualTo(70_000);
  }

  @Test
  void aParentRefusesAsOftenAsAsked() {
    network.inject(PARENT, Fault.refuse(), 1);
    assertThat(take().awaitFailure(SOON).outcome()).isEqualTo(Outcome.REFUSED);
    assertThat(take().awaitBytes(SOON)).isEqualTo(content);
    network.inject(PARENT, Fault.notYet(), 1);
    assertThat(take().awaitFailure(SOON).outcome()).isEqualTo(Outcome.NOT_YET);
  }

  @Test
  void aDelayedAnswerComes() {
    network.inject(PARENT, Fault.delay(Duration.ofMillis(20)));
    assertThat(take().awaitBytes(SOON)).isEqualTo(content);
  }

  @Test
  void aCutAddressIsUnreachableUntilJoined() {
    network.inject(PARENT, Fault.stallAfter(100_000), 1);
    RecordingSink running = take();
    await().atMost(SOON).until(() -> running.count() == 100_000);

    network.cut(server.address());

    assertThat(running.awaitFailure(SOON).outcome()).isEqualTo(Outcome.UNREACHABLE);
    assertThat(take().awaitFailure(SOON).outcome()).isEqualTo(Outcome.UNREACHABLE);
    network.join(server.address());
    assertThat(take().awaitBytes(SOON)).isEqualTo(content);
    await().atMost(SOON).until(() -> pieces.openRegions() == 0);
  }

  private RecordingSink take() {
    RecordingSink sink = new RecordingSink();
    taking.take(
        new PieceRequest(
            new Peer(PARENT, server.address(), ""),
            TASK,
            ByteRange.of(0, LENGTH),
            OptionalLong.of(LENGTH),
            TAKER,
            InetAddress.getLoopbackAddress(),
            "capability"),
        sink);
    return sink;
  }
}
