package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.CommandLab.Running;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A supernode on a disk of 2 MiB, and files of 3 MB. */
@Tag("slow") // ten processes
class FullDiskIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path dir;
  private CommandLab lab;
  private WebSource source;
  private Path disk;

  @BeforeEach
  void begin() throws Exception {
    disk = Files.createDirectory(dir.resolve("disk"));
    Assumptions.assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk.toString()) == 0,
        "this user cannot mount a tmpfs");
    lab = new CommandLab(dir);
    source = new WebSource();
  }

  @AfterEach
  void end() throws Exception {
    if (source != null) {
      lab.close();
      source.close();
      run("umount", disk.toString());
    }
  }

  private static int run(String... command) throws Exception {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  @Test
  void whatDoesNotFitIsPassedOn() throws Exception {
    CommandLab.SupernodeProcess supernode =
        lab.supernode("disk/home", 0, "--ring-bytes", "4M", "--reserve-bytes", "0");

    assertAllGet("/large", supernode.address());
    assertThat(supernode.running().err()).contains("is only passed on to peers");
    assertThat(metrics(supernode.address())).contains("dragonfly_supernode_passed_on_tasks 1");
  }

  @Test
  void aDiskThatRunsFullInTheMiddleEndsNothing() throws Exception {
    CommandLab.SupernodeProcess supernode =
        lab.supernode("disk/home", 0, "--ring-bytes", "4M", "--reserve-bytes", "0");

    assertAllGet("/chunked", supernode.address());
    assertThat(supernode.running().err()).contains("what is still to come is only passed on");
  }

  private void assertAllGet(String path, String node) throws Exception {
    List<Running> peers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      peers.add(
          lab.start(
              "dfget",
              "--url",
              source.url(path),
              "--output",
              "out" + i,
              "--node",
              node,
              "--home",
              dir.resolve("home" + i).toString()));
    }
    for (int i = 0; i < 3; i++) {
      Running peer = peers.get(i);
      assertThat(peer.exitCode(SOON)).as(peer.err()).isZero();
      assertThat(Files.readAllBytes(dir.resolve("out" + i))).isEqualTo(source.slow());
    }
  }

  private static String metrics(String address) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://" + address + "/metrics")).build(),
            BodyHandlers.ofString())
        .body();
  }
}
