package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.Uninterruptibles;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.Caller;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StorageProvider;
import io.dragonfly.testkit.ColdStorage;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.HttpTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A supernode whose store is on a disk that does not answer for a while. */
@ExtendWith(LeakCheck.class)
class ColdStoreTest {
  private static final int PIECES = 64;
  private static final CountDownLatch OPEN = new CountDownLatch(0);

  @TempDir Path dir;

  private final AtomicReference<CountDownLatch> disk = new AtomicReference<>(OPEN);
  private final AtomicInteger waiting = new AtomicInteger();

  private void readFromDisk() {
    waiting.incrementAndGet();
    Uninterruptibles.awaitUninterruptibly(disk.get());
  }

  private DistributionClient client(String name, Supernode supernode) {
    return new DistributionClient(
        ClientConfig.builder()
            .home(dir.resolve(name))
            .supernodes(List.of(supernode.address().orElseThrow()))
            .build());
  }

  private Fetch start(DistributionClient client, SwarmSource source, TestFile file, String copy) {
    return client.start(FetchRequest.builder(source.url(file)).output(dir.resolve(copy)).build());
  }

  /** Polls one time after the other, each answered before the disk gives anything. */
  private static void poll(Supernode supernode, int times) throws Exception {
    Caller caller =
        new Caller(
            PeerSecret.random(new SecureRandom()),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
            "");
    try (HttpTransport transport = HttpTransport.builder().build()) {
      SupernodeApi api =
          transport.connect(supernode.address().orElseThrow(), InetAddress.getLoopbackAddress());
      var unused = api.announce(new AnnounceRequest(caller, List.of())).get(1, TimeUnit.MINUTES);
      long answered = 0;
      for (int i = 0; i < times; i++) {
        PollRequest request = new PollRequest(caller, answered, List.of(), Duration.ofMillis(1));
        answered = api.poll(request).get(1, TimeUnit.MINUTES).number();
      }
    }
  }

  private Storage store() throws IOException {
    StorageConfig config = new StorageConfig(dir.resolve("supernode"), 0);
    for (StorageProvider provider : ServiceLoader.load(StorageProvider.class)) {
      return provider.create(config);
    }
    throw new IllegalStateException("there is no storage");
  }

  @Test
  void othersAreAnsweredWhileColdPiecesWaitForTheDisk() throws Exception {
    ColdStorage storage = new ColdStorage(store(), this::readFromDisk);
    // One thread has all connections. Epoll takes the files of the system alone.
    HttpTransport transport =
        HttpTransport.builder().eventLoop(HttpTransport.EventLoop.NIO).threads(1).build();
    SupernodeConfig config =
        SupernodeConfig.builder()
            .homeDir(dir.resolve("supernode"))
            .port(0)
            .storage(storage)
            .transport(transport)
            .build();
    CountDownLatch held = new CountDownLatch(1);
    try (SwarmSource source = new SwarmSource();
        Supernode supernode = new Supernode(config)) {
      TestFile file = source.publish(TestFile.random("file", PIECES * (128 << 10)));
      try (DistributionClient first = client("first", supernode)) {
        start(first, source, file, "a").completion().get(2, TimeUnit.MINUTES);
      }
      storage.cool();
      waiting.set(0);
      disk.set(held);
      try (DistributionClient late = client("late", supernode);
          DistributionClient other = client("other", supernode)) {
        Fetch cold = start(late, source, file, "b");
        Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> waiting.get() > 0);

        poll(supernode, 20);
        TestFile small = source.publish(TestFile.random("small", 50_000));
        start(other, source, small, "c").completion().get(2, TimeUnit.MINUTES);

        assertThat(small.hasSameBytes(dir.resolve("c"))).isTrue();
        assertThat(cold.completion()).isNotDone();
        held.countDown();
        cold.completion().get(2, TimeUnit.MINUTES);
        assertThat(file.hasSameBytes(dir.resolve("b"))).isTrue();
      }
    } finally {
      held.countDown();
      transport.close();
      storage.close();
    }
  }
}
