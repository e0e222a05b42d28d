package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.control.Caller;
import io.dragonfly.control.Holding;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.TaskReport;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FreePorts;
import io.dragonfly.transport.http.HttpTransport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** All peers of a large fleet come back at once to a supernode that was started again. */
@Tag("slow")
@Timeout(600)
class ComebackTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final int PEERS = 10_000;
  private static final int PIECES = 32;

  /** So many calls are under way at once; a fleet's machines have one each. */
  private static final int AT_ONCE = 256;

  @TempDir Path dir;
  private final SecureRandom random = new SecureRandom();
  private final List<Caller> callers = new ArrayList<>();
  private final BitSet half = new BitSet();

  @Test
  void tenThousandAreLetInByTheirTicketsAndANewcomerIsServedMeanwhile() throws Exception {
    half.set(0, PIECES / 2);
    for (int i = 0; i < PEERS; i++) {
      InetSocketAddress address = new InetSocketAddress(HERE, 20_000 + i);
      callers.add(new Caller(PeerSecret.random(random), address, ""));
    }
    try (SwarmSource source = new SwarmSource();
        HttpTransport transport = HttpTransport.builder().build()) {
      TestFile file = source.publish(TestFile.random("file", PIECES * (128 << 10)));
      ContentRequest content = ContentRequest.of(URI.create(source.url(file)));
      List<RegisterResponse> first;
      int port = FreePorts.next();
      try (Supernode supernode = supernode(port)) {
        SupernodeApi api = transport.connect(supernode.address().orElseThrow(), HERE);
        first = all(i -> api.register(request(i, content, Optional.empty(), List.of())));
      }
      long probes = source.requests();
      try (Supernode again = supernode(port);
          DistributionClient newcomer =
              new DistributionClient(
                  ClientConfig.builder()
                      .home(dir.resolve("home"))
                      .supernodes(List.of(again.address().orElseThrow()))
                      .build())) {
        SupernodeApi api = transport.connect(again.address().orElseThrow(), HERE);
        TaskId task = first.get(0).task().id();
        Holding holding = new Holding(task, half);

        long start = System.nanoTime();
        List<RegisterResponse> second =
            all(
                i ->
                    api.register(
                        request(i, content, Optional.of(first.get(i).ticket()), List.of(holding))));
        Fetch fetch = newcomer.start(request(source, file));
        List<PollResponse> polls = all(i -> api.poll(poll(i, task, second.get(i))));

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMinutes(4));
        assertThat(second).allMatch(answer -> answer.task().id().equals(task));
        assertThat(polls).hasSize(PEERS);
        assertThat(source.requests()).isLessThanOrEqualTo(probes + 2); // the newcomer's
        assertThat(fetch.completion().get(60, TimeUnit.SECONDS).length()).isEqualTo(file.length());
        assertThat(file.hasSameBytes(dir.resolve("out"))).isTrue();
      }
    }
  }

  private Supernode supernode(int port) {
    return new Supernode(
        SupernodeConfig.builder().homeDir(dir.resolve("supernode")).port(port).build());
  }

  private FetchRequest request(SwarmSource source, TestFile file) {
    return FetchRequest.builder(source.url(file)).output(dir.resolve("out")).build();
  }

  private RegisterRequest request(
      int peer, ContentRequest content, Optional<String> ticket, List<Holding> holdings) {
    return new RegisterRequest(callers.get(peer), content, Optional.empty(), ticket, holdings);
  }

  private PollRequest poll(int peer, TaskId task, RegisterResponse registered) {
    TaskReport report =
        new TaskReport(task, PieceSpan.NONE, registered.digests().end(), List.of(), List.of());
    return new PollRequest(callers.get(peer), 0, List.of(report), Duration.ZERO);
  }

  private static <T> List<T> all(Function<Integer, CompletableFuture<T>> call) throws Exception {
    List<T> answers = new ArrayList<>();
    for (int from = 0; from < PEERS; from += AT_ONCE) {
      List<CompletableFuture<T>> some = new ArrayList<>();
      for (int i = from; i < Math.min(PEERS, from + AT_ONCE); i++) {
        some.add(call.apply(i));
      }
      for (CompletableFuture<T> each : some) {
        answers.add(each.get(60, TimeUnit.SECONDS));
      }
    }
    return answers;
  }
}
