package io.dragonfly.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.SupernodeApi;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceService;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Two transports, one that serves and one that takes and calls, for the contract's tests. */
public abstract class TransportFixture {
  static final TaskId TASK = new TaskId("ab".repeat(32));
  static final PeerId PARENT = new PeerId("01".repeat(16));
  static final PeerId TAKER = new PeerId("02".repeat(16));
  static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  static final int LENGTH = 3_000_001;

  final FakePieces pieces = new FakePieces();
  final FakeControl control = new FakeControl();
  final byte[] content = new byte[LENGTH];
  Transport serving;
  Transport taking;
  Transport.Server server;

  /** Makes a transport. All that one test makes can reach each other; the test closes them. */
  protected abstract Transport create();

  /** How long a test waits for what must happen; 30 s unless set. */
  protected Duration limit() {
    return Duration.ofSeconds(30);
  }

  @BeforeEach
  void serve() throws IOException {
    new Random(1).nextBytes(content);
    pieces.put(TASK, content);
    serving = create();
    taking = create();
    // Where it is closed, nobody else may answer.
    InetSocketAddress bind = new InetSocketAddress(LOOPBACK, FreePorts.next());
    server = serving.serve(new ServeRequest(bind, pieces, control));
  }

  @AfterEach
  void closeAll() {
    taking.close();
    serving.close();
    pieces.close();
  }

  static InetSocketAddress anyPort() {
    return new InetSocketAddress(LOOPBACK, 0);
  }

  SupernodeApi supernode() {
    return taking.connect(server.address(), LOOPBACK);
  }

  FakeControl.Call nextCall() throws InterruptedException {
    FakeControl.Call call = control.calls().poll(limit().toMillis(), TimeUnit.MILLISECONDS);
    assertThat(call).as("a call that arrives at the supernode").isNotNull();
    return call;
  }

  byte[] part(long start, long end) {
    return Arrays.copyOfRange(content, (int) start, (int) end);
  }

  RecordingSink take(long start, long end) {
    RecordingSink sink = new RecordingSink();
    taking.take(request(ByteRange.of(start, end), OptionalLong.of(LENGTH)), sink);
    return sink;
  }

  PieceRequest request(ByteRange range, OptionalLong total) {
    return request(server.address(), range, total);
  }

  static PieceRequest request(InetSocketAddress parent, ByteRange range, OptionalLong total) {
    return new PieceRequest(
        new Peer(PARENT, parent, "zone"), TASK, range, total, TAKER, LOOPBACK, "capability_-1");
  }

  Transport.Server serve(PieceService service) throws IOException {
    return serving.serve(ServeRequest.piecesOnly(anyPort(), service));
  }
}
