package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.DistributionClient;
import io.dragonfly.control.Outcome;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.fetch.FetchListener;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.task.Task;
import io.dragonfly.testkit.LeakCheck;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Disks that are changed while their processes run, or are full. */
@ExtendWith(LeakCheck.class)
@Timeout(90)
class DamagedDiskTest {
  private static final int PIECE = 128 << 10;
  private static final int PIECES = 32;
  private static final int LENGTH = PIECES * PIECE;

  @TempDir Path dir;

  /** Changes one byte of a file in each place that a step leads to. */
  private void damage(String home, int step) throws Exception {
    try (var found = Files.find(dir.resolve(home), 3, (path, a) -> path.endsWith("data"))) {
      Path data = found.findFirst().orElseThrow();
      try (RandomAccessFile file = new RandomAccessFile(data.toFile(), "rw")) {
        for (long at = 1; at < file.length(); at += step) {
          file.seek(at);
          int was = file.read();
          file.seek(at);
          file.write(~was);
        }
      }
    }
  }

  /** Collects how taking pieces failed. */
  private static FetchListener into(Set<Outcome> failures) {
    return new FetchListener() {
      @Override
      public void pieceFailed(Task task, int piece, Peer p, Outcome outcome, String reason) {
        failures.add(outcome);
      }
    };
  }

  @Test
  void aPeerWhoseDiskWasChangedFindsOutBeforeItGives() throws Exception {
    Set<Outcome> failures = ConcurrentHashMap.newKeySet();
    try (Swarm swarm = Swarm.start(dir, 1);
        DistributionClient child =
            new DistributionClient(swarm.config(9).listener(into(failures)).build())) {
      TestFile file = swarm.source().publish(TestFile.random("file", LENGTH));
      FetchRequest prefetch = FetchRequest.builder(swarm.source().url(file)).build();
      swarm.client(0).prefetch(prefetch).completion().get(30, TimeUnit.SECONDS);
      damage("home0", PIECE);

      child.fetch(swarm.request(file, 9).build());

      assertThat(file.hasSameBytes(swarm.copy(file, 9))).isTrue();
      assertThat(failures).doesNotContain(Outcome.DIGEST_MISMATCH);
      Awaitility.await()
          .atMost(20, TimeUnit.SECONDS)
          .until(() -> swarm.client(0).tasks().get(0).pieces() < PIECES);
    }
  }

  @Test
  void aDiskThatGivesOtherBytesThanItWasGivenIsFoundOutByWhoTakesThem() throws Exception {
    Set<Outcome> failures = ConcurrentHashMap.newKeySet();
    try (Swarm swarm = Swarm.start(dir, 0);
        DistributionClient child =
            new DistributionClient(swarm.config(9).listener(into(failures)).build())) {
      TestFile file = swarm.source().publish(TestFile.random("file", LENGTH));
      FetchRequest prefetch = FetchRequest.builder(swarm.source().url(file)).build();
      try (DistributionClient before = new DistributionClient(swarm.config(0).build())) {
        before.prefetch(prefetch).completion().get(30, TimeUnit.SECONDS);
      }
      damage("home0", PIECE);
      leaveNoTrace("home0");
      try (DistributionClient provider = new DistributionClient(swarm.config(0).build())) {
        Awaitility.await()
            .atMost(20, TimeUnit.SECONDS)
            .until(() -> swarm.supernode().admin().status().get(10, TimeUnit.SECONDS).peers() == 1);

        child.fetch(swarm.request(file, 9).build());

        assertThat(file.hasSameBytes(swarm.copy(file, 9))).isTrue();
        assertThat(failures).contains(Outcome.DIGEST_MISMATCH);
        Awaitility.await()
            .atMost(20, TimeUnit.SECONDS)
            .until(() -> provider.tasks().get(0).pieces() < PIECES);
      }
    }
  }

  /** A disk that fails says nothing of it: the data looks older than the journal. */
  private void leaveNoTrace(String home) throws Exception {
    try (var found = Files.find(dir.resolve(home), 3, (path, a) -> path.endsWith("data"))) {
      Files.setLastModifiedTime(found.findFirst().orElseThrow(), FileTime.fromMillis(0));
    }
  }

  @Test
  void aBitThatFlipsInTheCacheCostsAPieceAndNotTheSupernode() throws Exception {
    try (Swarm swarm = Swarm.start(dir, 2)) {
      TestFile file = swarm.source().publish(TestFile.random("file", LENGTH));
      // Who fetches by this pattern gives to nobody.
      swarm.client(0).fetch(swarm.request(file, 0).pattern(FetchMode.CDN).build());
      damage("supernode", LENGTH);

      FetchResult result =
          swarm.client(1).fetch(swarm.request(file, 1).pattern(FetchMode.CDN).build());

      assertThat(file.hasSameBytes(swarm.copy(file, 1))).isTrue();
      assertThat(result.bytesFromSupernode()).isEqualTo(LENGTH);
      assertThat(swarm.source().bytesServed()).isBetween(LENGTH + PIECE + 0L, LENGTH + PIECE + 9L);
    }
  }

  @Test
  void aPeerWithoutRoomKeepsNobodyFromTheFile() throws Exception {
    try (Swarm swarm = Swarm.start(dir, 2);
        DistributionClient full =
            new DistributionClient(swarm.config(9).reserveBytes(Long.MAX_VALUE / 2).build())) {
      TestFile file = swarm.source().publish(TestFile.random("file", LENGTH));
      var failing = full.start(swarm.request(file, 9).build());

      swarm.fetchOnAll(file);

      assertThatThrownBy(() -> failing.completion().get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(NoSpaceException.class);
      assertThat(swarm.copies(file)).hasSize(2).allMatch(file::hasSameBytes);
    }
  }
}
