package io.dragonfly.examples.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.fetch.FetchResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Source and store are found by ServiceLoader, and do the main job. */
class PlugInTest {
  private static final String FOLDER = "dragonfly.folder.photos";

  @TempDir Path dir;
  private byte[] bytes;

  @BeforeEach
  void publish() throws Exception {
    bytes = new byte[3_000_000];
    new Random(1).nextBytes(bytes);
    Path folder = Files.createDirectory(dir.resolve("photos"));
    Files.write(folder.resolve("a.jpg"), bytes);
    System.setProperty(FOLDER, folder.toString());
  }

  @AfterEach
  void forget() {
    System.clearProperty(FOLDER);
  }

  @Test
  void aClientFetchesFromTheFolderIntoTheScratchStore() throws Exception {
    try (DistributionClient client = new DistributionClient(config().build())) {
      FetchResult result = client.fetch("folder://photos/a.jpg", dir.resolve("copy"));

      assertThat(dir.resolve("copy")).hasBinaryContent(bytes);
      assertThat(result.bytesFromSource()).isEqualTo(bytes.length);
    }
    assertThat(dir.resolve("home/tasks")).doesNotExist();
  }

  @Test
  void aSupernodeReadsTheFolderToo() throws Exception {
    SupernodeConfig supernodeConfig =
        SupernodeConfig.builder().homeDir(dir.resolve("supernode")).storage("scratch").build();
    try (Supernode supernode = new Supernode(supernodeConfig);
        DistributionClient client = new DistributionClient(config().supernode(supernode).build())) {
      FetchResult result = client.fetch("folder://photos/a.jpg", dir.resolve("copy"));

      assertThat(dir.resolve("copy")).hasBinaryContent(bytes);
      assertThat(result.bytesFromSupernode()).isEqualTo(bytes.length);
    }
  }

  @Test
  void whatTheSourceSaysReachesTheCaller() {
    try (DistributionClient client = new DistributionClient(config().build())) {
      assertThatThrownBy(() -> client.fetch("folder://photos/b.jpg", dir.resolve("copy")))
          .isInstanceOf(ContentNotFoundException.class);
      assertThat(dir.resolve("copy")).doesNotExist();
    }
  }

  private ClientConfig.Builder config() {
    return ClientConfig.builder().home(dir.resolve("home")).storage("scratch");
  }
}
