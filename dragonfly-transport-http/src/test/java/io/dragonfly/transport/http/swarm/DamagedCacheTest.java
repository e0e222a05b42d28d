package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A supernode whose cache was damaged all over while it was down, and nothing shows it. */
@ExtendWith(LeakCheck.class)
class DamagedCacheTest {
  private static final int LENGTH = 64 << 20;

  @TempDir Path dir;

  private Supernode supernode() {
    return new Supernode(
        SupernodeConfig.builder().homeDir(dir.resolve("supernode")).port(0).build());
  }

  private void fetch(String name, Supernode supernode, String url) throws Exception {
    ClientConfig config =
        ClientConfig.builder()
            .home(dir.resolve(name))
            .supernodes(List.of(supernode.address().orElseThrow()))
            .build();
    try (DistributionClient client = new DistributionClient(config)) {
      client
          .start(FetchRequest.builder(url).output(dir.resolve(name + ".copy")).build())
          .completion()
          .get(4, TimeUnit.MINUTES);
    }
  }

  /** Changes bytes in each place that a step leads to, and keeps the file's mtime. */
  private void damage(int step) throws IOException {
    try (var found = Files.find(dir.resolve("supernode"), 3, (path, a) -> path.endsWith("data"))) {
      Path data = found.findFirst().orElseThrow();
      FileTime modified = Files.getLastModifiedTime(data);
      try (RandomAccessFile file = new RandomAccessFile(data.toFile(), "rw")) {
        for (long at = 1; at < file.length(); at += step) {
          file.seek(at);
          int was = file.read();
          file.seek(at);
          file.write(~was);
        }
      }
      Files.setLastModifiedTime(data, modified);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {64 << 10, 256 << 10, 4 << 20})
  void theNextPeerGetsTheFileAndTheSourceIsReadOnceMoreAtMost(int step) throws Exception {
    try (SwarmSource source = new SwarmSource()) {
      TestFile file = source.publish(TestFile.random("file", LENGTH));
      try (Supernode before = supernode()) {
        fetch("before", before, source.url(file));
      }
      damage(step);
      long bytes = source.bytesServed();
      long requests = source.requests();

      try (Supernode after = supernode()) {
        fetch("after", after, source.url(file));
      }

      assertThat(file.hasSameBytes(dir.resolve("after.copy"))).isTrue();
      // The few pieces that were complained of, all at once, and what is asked at the beginning.
      assertThat(source.bytesServed() - bytes).isLessThan(2L * LENGTH);
      assertThat(source.requests() - requests).isLessThan(30);
    }
  }
}
