package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.fetch.FetchResult;
import io.dragonfly.internal.loop.ActiveClock;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.swarm.RudePeer.Manner;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever a peer does to others, over real sockets: they get the right file, and soon. */
@ExtendWith(LeakCheck.class)
@Timeout(300)
class RudePeersTest {
  private static final int LENGTH = (4 << 20) + 17;

  /**
   * A peer that sends nothing, or next to nothing, costs 10 s at most. The limits of a download
   * count active time, so this does, too: a process that waits for a processor is not late.
   */
  private static final Duration MOST_ACTIVE = Duration.ofSeconds(30);

  @TempDir Path dir;

  @Test
  void allKindsAtOnceKeepNobodyFromTheFile() throws Exception {
    fetchAmong(EnumSet.range(Manner.WRONG_BYTES, Manner.REFUSES));
  }

  @Tag("slow")
  @ParameterizedTest
  @EnumSource
  void oneKeepsNobodyFromTheFile(Manner manner) throws Exception {
    fetchAmong(EnumSet.of(manner));
  }

  private void fetchAmong(Set<Manner> manners) throws Exception {
    List<RudePeer> rude = new ArrayList<>();
    try (Swarm swarm = Swarm.start(dir, 3)) {
      TestFile file = swarm.source().publish(TestFile.random("file", LENGTH));
      for (Manner manner : manners) {
        RudePeer peer = new RudePeer(manner, swarm.supernode().address().orElseThrow());
        rude.add(peer);
        peer.claimToHave(swarm.source().url(file));
      }

      ActiveClock clock = ActiveClock.ofProcess(); // the peers beat it
      long start = clock.getAsLong();
      List<FetchResult> results = swarm.fetchOnAll(file);

      assertThat(Duration.ofNanos(clock.getAsLong() - start)).isLessThan(MOST_ACTIVE);
      assertThat(swarm.copies(file)).hasSize(3).allMatch(file::hasSameBytes);
      assertThat(results).allMatch(result -> result.length() == LENGTH);
      assertThat(rude).as("somebody was rude to somebody").anyMatch(peer -> peer.asked() > 0);
    } finally {
      for (RudePeer peer : rude) {
        peer.close();
      }
    }
  }
}
