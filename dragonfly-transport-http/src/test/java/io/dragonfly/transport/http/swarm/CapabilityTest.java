package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.fetch.FetchListener;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.internal.access.Capabilities;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FreePorts;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.internal.wire.Wire;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Who knocks at a peer's port gets a piece with a valid capability, and nothing without. */
@ExtendWith(LeakCheck.class)
class CapabilityTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final int PIECE = 128 << 10;

  @TempDir Path dir;
  private final Map<String, Task> tasks = new ConcurrentHashMap<>();
  private final PeerId child = PeerSecret.random(new SecureRandom()).id();
  private final Instant soon = Instant.now().plusSeconds(60);
  private Swarm swarm;
  private DistributionClient parent;
  private int port;
  private byte[] key;
  private TestFile file;
  private TaskId task;
  private TaskId otherTask;

  @BeforeEach
  void startAParentThatHoldsTwoFiles() throws Exception {
    swarm = Swarm.start(dir, 0);
    port = FreePorts.next();
    FetchListener listener =
        new FetchListener() {
          @Override
          public void registered(FetchRequest request, Task found) {
            tasks.put(request.content().displayUrl(), found);
          }
        };
    ClientConfig.Builder config = swarm.config(1).ip(HERE).port(port).listener(listener);
    parent = new DistributionClient(config.build());
    file = swarm.source().publish(TestFile.random("file", 1 << 20));
    TestFile other = swarm.source().publish(TestFile.random("other", 2 << 20));
    parent.fetch(swarm.request(file, 1).build());
    parent.fetch(swarm.request(other, 1).build());
    task = tasks.get(swarm.source().url(file)).id();
    otherTask = tasks.get(swarm.source().url(other)).id();
    key = shared("home1").capabilityKey();
  }

  /** What the peer of a home shares with the supernode: it follows from the certificate of that. */
  private PeerSecret shared(String home) throws IOException {
    String known = Files.readString(dir.resolve(home).resolve("known_supernodes")).trim();
    return PeerSecret.parse(Files.readString(dir.resolve(home).resolve("secret")).trim())
        .forSupernode(known.substring(known.indexOf(' ') + 1));
  }

  @Test
  void oneThatIsMadeWithTheSecretThatThePeerKeepsGetsNothing() throws Exception {
    byte[] kept =
        PeerSecret.parse(Files.readString(dir.resolve("home1/secret")).trim()).capabilityKey();
    assertNothing(ask(task, Capabilities.issue(kept, task, child, HERE, soon), child));
  }

  @Test
  void oneThatWasMadeBeforeTheSecretWasRenewedGetsNothing() throws Exception {
    String before = Capabilities.issue(key, task, child, HERE, soon);
    assertThat(ask(task, before, child)).startsWith("HTTP/1.1 206 ");

    parent.renewSecret();

    assertNothing(ask(task, before, child));
    byte[] now = shared("home1").capabilityKey();
    assertThat(ask(task, Capabilities.issue(now, task, child, HERE, soon), child))
        .startsWith("HTTP/1.1 206 ");
  }

  @AfterEach
  void stop() {
    parent.close();
    swarm.close();
  }

  @Test
  void aValidOneGetsThePiece() throws Exception {
    String answer = ask(task, Capabilities.issue(key, task, child, HERE, soon), child);

    assertThat(answer).startsWith("HTTP/1.1 206 ");
    assertThat(answer.getBytes(StandardCharsets.ISO_8859_1))
        .endsWith(Arrays.copyOf(file.bytes(), PIECE));
  }

  @Test
  void aMissingOneGetsNothing() throws Exception {
    assertNothing(ask(task, "", child));
    assertNothing(send("GET /api/v2/tasks/" + task + "/data HTTP/1.1", "Range: bytes=0-131071"));
  }

  @Test
  void aForgedOneGetsNothing() throws Exception {
    byte[] guess = PeerSecret.random(new SecureRandom()).capabilityKey();
    assertNothing(ask(task, Capabilities.issue(guess, task, child, HERE, soon), child));

    String good = Capabilities.issue(key, task, child, HERE, soon);
    char last = good.charAt(good.length() - 1);
    String tampered = good.substring(0, good.length() - 1) + (last == 'A' ? 'E' : 'A');
    assertNothing(ask(task, tampered, child));
  }

  @Test
  void anExpiredOneGetsNothing() throws Exception {
    Instant past = Instant.now().minusSeconds(1);
    assertNothing(ask(task, Capabilities.issue(key, task, child, HERE, past), child));
  }

  @Test
  void aForeignOneGetsNothing() throws Exception {
    PeerId somebodyElse = PeerSecret.random(new SecureRandom()).id();
    InetAddress elsewhere = InetAddress.getByName("127.0.0.77");

    assertNothing(ask(task, Capabilities.issue(key, otherTask, child, HERE, soon), child));
    assertNothing(ask(task, Capabilities.issue(key, task, somebodyElse, HERE, soon), child));
    assertNothing(ask(task, Capabilities.issue(key, task, child, elsewhere, soon), child));
  }

  /** The parent hears of it with its next call, which fetching something else makes. */
  @Test
  void oneWhosePeerHasLeftGetsNothing() throws Exception {
    PeerId left;
    String capability;
    try (DistributionClient child = new DistributionClient(swarm.config(2).build())) {
      child.fetch(swarm.request(file, 2).build());
      left = shared("home2").id();
      capability = Capabilities.issue(key, task, left, HERE, soon);
      assertThat(ask(task, capability, left)).startsWith("HTTP/1.1 206 ");
    }
    TestFile third = swarm.source().publish(TestFile.random("third", 1 << 20));
    parent.fetch(swarm.request(third, 1).build());
    await()
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(() -> assertNothing(ask(task, capability, left)));
    assertThat(ask(task, Capabilities.issue(key, task, child, HERE, soon), child))
        .startsWith("HTTP/1.1 206 ");
  }

  private void assertNothing(String answer) {
    assertThat(answer).matches("(?s)HTTP/1\\.1 4(00|01|03) .*").hasSizeLessThan(1000);
  }

  private String ask(TaskId wanted, String capability, PeerId who) throws Exception {
    return send(
        "GET /api/v2/tasks/" + wanted + "/data HTTP/1.1",
        "Range: bytes=0-" + (PIECE - 1),
        Wire.TAKER + ": " + who,
        Wire.CAPABILITY + ": " + capability);
  }

  private String send(String... lines) throws Exception {
    String request = String.join("\r\n", lines) + "\r\nHost: x\r\nConnection: close\r\n\r\n";
    try (Socket socket = new Socket(HERE, port)) {
      socket.setSoTimeout(10_000);
      OutputStream out = socket.getOutputStream();
      out.write(request.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }
}
