package io.dragonfly.transport.http.internal.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.dragonfly.control.Outcome;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.Transport;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FreePorts;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.RecordingSink;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.dragonfly.transport.http.internal.tls.TransportTls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What takes make of parents of all kinds; the test plays the parent on raw sockets. */
@ExtendWith(LeakCheck.class)
class PieceConnectionsTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final String TASK = "ab".repeat(32);
  private static final String RIGHT =
      "HTTP/1.1 206 Partial Content\nContent-Length: 5\nContent-Range: bytes 10-14/100\n\nhello";

  private final List<RawConnection> opened = new ArrayList<>();
  private final EventLoops loops = EventLoops.nio(2);
  private static final TransportTls NO_TLS =
      TransportTls.of(TransportConfig.builder().build(), System::nanoTime);

  private final PieceConnections connections = new PieceConnections(loops, NO_TLS);
  private ServerSocket parent;

  @BeforeEach
  void listen() throws IOException {
    parent = new ServerSocket(FreePorts.next(), 50, LOOPBACK);
    parent.setSoTimeout((int) SOON.toMillis());
  }

  @AfterEach
  void close() throws IOException {
    connections.close();
    loops.close();
    parent.close();
    for (RawConnection connection : opened) {
      connection.close();
    }
  }

  @Test
  void asksForARangeWithTakerAndCapability() throws IOException {
    RecordingSink sink = new RecordingSink();
    take(sink);
    RawConnection child = accept();

    RawConnection.Message probe = child.readHead();
    child.send(RIGHT);

    assertThat(probe.first()).isEqualTo("GET /api/v2/tasks/" + TASK + "/data HTTP/1.1");
    assertThat(probe.header("Range")).isEqualTo("bytes=10-14");
    assertThat(probe.header("Dragonfly-Taker")).isEqualTo("02".repeat(16));
    assertThat(probe.header("Dragonfly-Capability")).isEqualTo("right");
    assertThat(probe.header("Host")).isEqualTo("127.0.0.1:" + parent.getLocalPort());
    assertThat(sink.awaitBytes(SOON)).isEqualTo("hello".getBytes());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
        "HTTP/1.1 206 P\nContent-Length: 5\nContent-Range: bytes 10-14/99\n\nhello",
        "HTTP/1.1 206 P\nContent-Length: 5\nContent-Range: bytes 11-15/100\n\nhello",
        "HTTP/1.1 206 P\nContent-Length: 4\nContent-Range: bytes 10-14/100\n\nhell",
        "HTTP/1.1 206 P\nContent-Length: 6\nContent-Range: bytes 10-14/100\n\nhello!",
        "HTTP/1.1 206 P\nContent-Length: 5\n\nhello",
        "HTTP/1.1 206 P\nContent-Range: bytes 10-14/100\n\nhello",
        "HTTP/1.1 206 P\n"
            + "Transfer-Encoding: chunked\n"
            + "Content-Range: bytes 10-14/100\n\n"
            + "5\n"
            + "hello\n"
            + "0\n\n",
        "HTTP/1.1 206 P\n"
            + "Content-Length: 5\n"
            + "Content-Length: 6\n"
            + "Content-Range: bytes 10-14/100\n\n"
            + "hello",
        "HTTP/1.1 206 P\n"
            + "Content-Length: 5\n"
            + "Content-Range: bytes 10-14/100\n"
            + "Content-Range: x\n\n"
            + "hello",
        "HTTP/1.1 206 P\n"
            + "Content-Length: 5\n"
            + "Content-Encoding: gzip\n"
            + "Content-Range: bytes 10-14/100\n\n"
            + "hello",
        "HTTP/1.1 302 Found\nLocation: http://127.0.0.1/\nContent-Length: 0\n\n",
        "HTTP/1.1 100 Continue\n\n",
        "HTTP/1.1 500 Oops\nContent-Length: 0\n\n",
        "HTTP/1.1 403 No\nContent-Length: 100000\n\n",
        "SSH-2.0-OpenSSH_9.2\n\n",
        "HTTP/1.1 206 P\nX: \u0000\n\n"
      })
  void anyOtherAnswerIsRefused(String answer) throws IOException {
    RecordingSink sink = new RecordingSink();
    take(sink);
    RawConnection child = accept();
    child.readHead();

    child.send(answer);

    PieceDownloadException failure = sink.awaitFailure(SOON);
    assertThat(failure.outcome()).isEqualTo(Outcome.REFUSED);
    assertThat(failure.getMessage().lines()).hasSize(1);
    assertThat(sink.count()).isZero();
  }

  @Test
  void aParentThatResetsAtOnceIsOutOfReachAndTheLogSaysNothing() throws IOException {
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    Logger netty = (Logger) LoggerFactory.getLogger("io.netty");
    netty.addAppender(logged);
    Thread resetting = new Thread(this::resetAll);
    resetting.start();
    try {
      for (int i = 0; i < 300; i++) {
        RecordingSink sink = new RecordingSink();
        take(sink);
        assertThat(sink.awaitFailure(SOON).outcome()).isEqualTo(Outcome.UNREACHABLE);
      }
    } finally {
      netty.detachAppender(logged);
      parent.close();
    }
    assertThat(logged.list)
        .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
        .isEmpty();
  }

  private void resetAll() {
    while (!parent.isClosed()) {
      try (Socket child = parent.accept()) {
        child.setSoLinger(true, 0);
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  @Test
  void moreBytesThanAnnouncedEndTheConnection() throws IOException {
    RecordingSink sink = new RecordingSink();
    take(sink);
    RawConnection child = accept();
    child.readHead();

    child.send(RIGHT + RIGHT);

    assertThat(sink.awaitBytes(SOON)).isEqualTo("hello".getBytes());
    assertThat(sink.wrongCalls()).isEmpty();
    child.awaitClose();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 20, 80, 82})
  void aConnectionThatBreaksIsUnreachable(int after) throws IOException {
    RecordingSink sink = new RecordingSink();
    take(sink);
    RawConnection child = accept();
    child.readHead();

    child.send(RIGHT.substring(0, after)).close();

    assertThat(sink.awaitFailure(SOON).outcome()).isEqualTo(Outcome.UNREACHABLE);
    assertThat(sink.count()).isLessThan(5);
  }

  @Test
  void aRefusalKeepsTheConnection() throws IOException {
    RecordingSink refused = new RecordingSink();
    take(refused);
    RawConnection child = accept();
    child.readHead();
    child.send("HTTP/1.1 503 Later\nDragonfly-Reason: others first\nContent-Length: 3\n\nabc");
    PieceDownloadException failure = refused.awaitFailure(SOON);

    RecordingSink next = new RecordingSink();
    take(next);
    child.readHead();
    child.send(RIGHT);

    assertThat(failure.outcome()).isEqualTo(Outcome.NOT_YET);
    assertThat(failure).hasMessageContaining("others first");
    assertThat(next.awaitBytes(SOON)).hasSize(5);
  }

  @Test
  void aParentThatWantsToCloseIsConnectedAnew() throws IOException {
    for (int i = 0; i < 2; i++) {
      RecordingSink sink = new RecordingSink();
      take(sink);
      RawConnection child = accept();
      child.readHead();
      child.send(RIGHT.replace("\n\n", "\nConnection: close\n\n"));
      assertThat(sink.awaitBytes(SOON)).hasSize(5);
      child.awaitClose();
    }
  }

  @Test
  void aKeptConnectionThatTheParentClosedIsNoFailure() throws IOException {
    RecordingSink first = new RecordingSink();
    take(first);
    RawConnection kept = accept();
    kept.readHead();
    kept.send(RIGHT);
    first.awaitBytes(SOON);

    RecordingSink second = new RecordingSink();
    take(second);
    kept.readHead();
    kept.close(); // as if it had crossed the question
    RawConnection anew = accept();
    anew.readHead();
    anew.send(RIGHT);

    assertThat(second.awaitBytes(SOON)).hasSize(5);
  }

  @Test
  void takesBeyondFourWaitInLine() throws IOException {
    List<RecordingSink> sinks = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      sinks.add(new RecordingSink());
      take(sinks.get(i));
    }
    List<RawConnection> children = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      children.add(accept());
      children.get(i).readHead();
    }
    children.get(1).send(RIGHT);
    children.get(1).readHead(); // the fifth
    children.get(1).send(RIGHT);
    children.get(1).readHead(); // the sixth
    assertThat(sinks.stream().filter(RecordingSink::isDone)).hasSizeBetween(1, 2);
    children.get(1).send(RIGHT);
    children.get(0).send(RIGHT);
    children.get(2).send(RIGHT);
    children.get(3).send(RIGHT);
    for (RecordingSink sink : sinks) {
      assertThat(sink.awaitBytes(SOON)).hasSize(5);
    }
  }

  @Test
  void cancelEndsTheConnectionOfATakeWithoutAnswer() throws IOException {
    RecordingSink sink = new RecordingSink();
    Transport.Take take = take(sink);
    RawConnection child = accept();
    child.readHead();

    take.cancel();
    take.cancel(); // twice is once

    assertThat(child.awaitClose()).isLessThanOrEqualTo(0);
    assertThat(sink.isDone()).isFalse();
  }

  @Test
  void aTakeCancelledInLineIsNeverAsked() throws IOException {
    List<RecordingSink> sinks = new ArrayList<>();
    List<Transport.Take> takes = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      sinks.add(new RecordingSink());
      takes.add(take(sinks.get(i)));
    }
    takes.get(4).cancel();
    List<RawConnection> children = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      children.add(accept());
      children.get(i).readHead();
    }
    children.get(0).send(RIGHT);
    children.get(0).readHead();
    children.get(0).send(RIGHT);
    assertThat(sinks.get(5).awaitBytes(SOON)).hasSize(5);
    assertThat(sinks.get(4).isDone()).isFalse();
  }

  @Test
  void aReceiverThatFailsEndsItsTakeOnly() throws IOException {
    RecordingSink told = new RecordingSink();
    connections.take(
        request("right"),
        new PieceSink() {
          @Override
          public void received(ByteBuffer data) {
            throw new IllegalStateException("a defect");
          }

          @Override
          public void completed() {
            told.completed();
          }

          @Override
          public void failed(PieceDownloadException failure) {
            told.failed(failure);
          }
        });
    RawConnection child = accept();
    child.readHead();
    child.send(RIGHT);
    assertThat(told.awaitFailure(SOON).outcome()).isEqualTo(Outcome.UNREACHABLE);
    child.awaitClose();
  }

  @Test
  void aCapabilityThatCannotBeSentIsRefused() {
    RecordingSink sink = new RecordingSink();
    connections.take(request("a\r\nHost: b"), sink);
    assertThat(sink.awaitFailure(SOON).outcome()).isEqualTo(Outcome.REFUSED);
  }

  @Test
  void nobodyListeningFailsAllThatWait() throws IOException {
    InetSocketAddress gone = new InetSocketAddress(LOOPBACK, parent.getLocalPort());
    parent.close();
    List<RecordingSink> sinks = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      sinks.add(new RecordingSink());
      take(sinks.get(i));
    }
    for (RecordingSink sink : sinks) {
      PieceDownloadException failure = sink.awaitFailure(SOON);
      assertThat(failure.outcome()).isEqualTo(Outcome.UNREACHABLE);
      assertThat(failure)
          .hasMessage("cannot connect to 127.0.0.1:%d: connection refused", gone.getPort());
    }
  }

  @Test
  void pausingBeforeTheAnswerHoldsItBack() throws IOException {
    RecordingSink sink = new RecordingSink();
    Transport.Take take = take(sink);
    take.pause();
    RawConnection child = accept();
    child.readHead();
    awaitLoops(); // until then a few bytes may still come
    RecordingSink other = new RecordingSink();
    child.send(RIGHT);
    take(other);
    RawConnection second = accept();
    second.readHead();
    second.send(RIGHT);
    other.awaitBytes(SOON);
    assertThat(sink.count()).isZero();

    take.resume();

    assertThat(sink.awaitBytes(SOON)).hasSize(5);
    await().atMost(SOON).until(sink::isDone);
  }

  /** Waits until the event loops have done what they were told so far. */
  private void awaitLoops() {
    loops.group().forEach(loop -> loop.submit(() -> {}).syncUninterruptibly());
  }

  /** The system sends a first packet again after 1 s, if a busy parent has dropped it. */
  @Test
  void aParentMayLoseTheFirstPacket() throws IOException {
    List<Path> sockets = List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));
    assumeTrue(
        sockets.stream().allMatch(Files::isReadable),
        "only Linux shows which packets are not answered");
    parent.close();
    parent = new ServerSocket(FreePorts.next(), 1, LOOPBACK);
    for (int i = 0; i < 2; i++) { // as many as the system accepts for the parent
      opened.add(new RawConnection(new Socket(LOOPBACK, parent.getLocalPort())));
    }
    RecordingSink sink = new RecordingSink();
    take(sink);
    String unanswered = ":%04X 02 ".formatted(parent.getLocalPort());
    await()
        .atMost(SOON)
        .until(
            () -> {
              for (Path list : sockets) {
                if (Files.readString(list).contains(unanswered)) {
                  return true;
                }
              }
              return false;
            });

    accept();
    accept();
    RawConnection child = accept();
    child.readHead();
    child.send(RIGHT);
    assertThat(sink.awaitBytes(SOON)).isEqualTo("hello".getBytes());
  }

  private RawConnection accept() throws IOException {
    RawConnection connection = new RawConnection(parent.accept());
    opened.add(connection);
    return connection;
  }

  @Test
  void aTakeThatPausesAtEachReadGetsLittleAtOnce() throws IOException {
    int length = 128 << 10;
    AtomicReference<Transport.Take> take = new AtomicReference<>();
    RecordingSink sink = new RecordingSink();
    sink.onReceived(() -> take.get().pause());
    take.set(connections.take(request("right", ByteRange.of(0, length)), sink));
    RawConnection child = accept();
    child.readHead();
    child.send(
        "HTTP/1.1 206 Partial Content\nContent-Length: %d\nContent-Range: bytes 0-%d/%d\n\n"
            .formatted(length, length - 1, length));
    child.send(new byte[length]);

    await().atMost(SOON).until(() -> sink.count() > 0);
    awaitLoops(); // which pause only after the bytes are counted
    int first = sink.count();
    assertThat(first).isLessThanOrEqualTo(16 << 10);
    take.get().resume();
    await().atMost(SOON).until(() -> sink.count() > first);
    awaitLoops();
    assertThat(sink.count() - first).isLessThanOrEqualTo(32 << 10);
    sink.onReceived(() -> {});
    take.get().resume();
    assertThat(sink.awaitBytes(SOON)).hasSize(length);
  }

  private Transport.Take take(RecordingSink sink) {
    return connections.take(request("right"), sink);
  }

  private PieceRequest request(String capability) {
    return request(capability, ByteRange.of(10, 15));
  }

  private PieceRequest request(String capability, ByteRange range) {
    InetSocketAddress address = new InetSocketAddress(LOOPBACK, parent.getLocalPort());
    return new PieceRequest(
        new Peer(new PeerId("01".repeat(16)), address, ""),
        new TaskId(TASK),
        range,
        OptionalLong.of(Math.max(100, range.end())),
        new PeerId("02".repeat(16)),
        LOOPBACK,
        capability);
  }
}
