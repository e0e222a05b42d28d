package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.AdminApi;
import io.dragonfly.control.Caller;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.TaskReport;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.HttpTransport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A peer that says of each of the others that its bytes were wrong, though they were not. */
@ExtendWith(LeakCheck.class)
@Timeout(90)
class FalseReportsTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  @TempDir Path dir;

  @Test
  void oneThatAccusesAllTheOthersIsolatesNobody() throws Exception {
    try (Swarm swarm = Swarm.start(dir, 4);
        HttpTransport transport = HttpTransport.builder().build()) {
      TestFile file = swarm.source().publish(TestFile.random("file", 4 << 20));
      for (int i = 0; i < 3; i++) {
        swarm.client(i).fetch(swarm.request(file, i).build());
      }
      SupernodeApi api = transport.connect(swarm.supernode().address().orElseThrow(), HERE);

      Set<PeerId> accused = accuse(api, ContentRequest.of(URI.create(swarm.source().url(file))));

      assertThat(accused).hasSizeGreaterThan(1);
      List<AdminApi.KnownPeer> peers = swarm.supernode().admin().peers().get(20, TimeUnit.SECONDS);
      assertThat(peers).allMatch(known -> known.isolation().stream().allMatch(i -> i.times() == 0));
      FetchResult result = swarm.client(3).fetch(swarm.request(file, 3).build());
      assertThat(swarm.copies(file)).hasSize(4).allMatch(file::hasSameBytes);
      assertThat(result.bytesFromPeers()).isPositive();
    }
  }

  /** Reports each piece that is assigned as wrong, for many rounds; returns who was accused. */
  private static Set<PeerId> accuse(SupernodeApi api, ContentRequest content) throws Exception {
    Caller liar =
        new Caller(PeerSecret.random(new SecureRandom()), new InetSocketAddress(HERE, 20_000), "");
    RegisterResponse registered =
        api.register(
                new RegisterRequest(liar, content, Optional.empty(), Optional.empty(), List.of()))
            .get(30, TimeUnit.SECONDS);
    Map<Integer, Parent> parents = new HashMap<>();
    Set<PeerId> accused = new HashSet<>();
    List<PieceResult> results = new ArrayList<>();
    long answered = 0;
    int digests = registered.digests().end();
    for (int round = 0; round < 40; round++) {
      TaskReport report =
          new TaskReport(
              registered.task().id(), PieceSpan.ALL, digests, List.of(), List.copyOf(results));
      results.clear();
      PollResponse answer =
          api.poll(new PollRequest(liar, answered, List.of(report), Duration.ofMillis(100)))
              .get(30, TimeUnit.SECONDS);
      answered = answer.number();
      for (var update : answer.updates()) {
        digests = Math.max(digests, update.digests().end());
        update.parents().forEach(parent -> parents.put(parent.number(), parent));
        for (var line : update.assignments()) {
          PeerId parent = parents.get(line.parent()).peer().id();
          for (int i = 0; i < line.count() && results.size() < 16; i++) {
            results.add(new PieceResult(line.piece(i), parent, Outcome.DIGEST_MISMATCH, 1_000));
            accused.add(parent);
          }
        }
      }
    }
    return accused;
  }
}
