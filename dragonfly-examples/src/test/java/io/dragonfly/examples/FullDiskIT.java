package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.examples.CommandLab.Running;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A supernode on a disk of 2 MiB, or 8, and files of 3 MB. */
@Tag("slow") // many processes
class FullDiskIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String[] WITHOUT_RING = {
    "--ring-bytes", "0", "--reserve-bytes", "0", "--back-to-source-peers", "0"
  };
  private static final long PIECE_BYTES = 128 << 10;

  /** A piece less, of half of what the slow source has. */
  private static final long PIECES_OF_HALF = 10;

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

    assertAllGet("/large", supernode);
    assertThat(supernode.running().err()).contains("is only passed on to peers");
    assertThat(CommandLab.get(supernode.address(), "/metrics").body())
        .contains("dragonfly_supernode_passed_on_tasks 1");
  }

  @Test
  void aDiskThatRunsFullInTheMiddleEndsNothing() throws Exception {
    CommandLab.SupernodeProcess supernode =
        lab.supernode("disk/home", 0, "--ring-bytes", "4M", "--reserve-bytes", "0");

    assertAllGet("/chunked", supernode);
    assertThat(supernode.running().err()).contains("what is still to come is only passed on");
  }

  /** With the source held in the middle, and the whole disk taken by somebody else meanwhile. */
  @Test
  void aDiskThatSomebodyElseFillsEndsThatFetchAlone() throws Exception {
    assertThat(run("mount", "-o", "remount,size=8m", disk.toString())).isZero();
    CommandLab.SupernodeProcess supernode = lab.supernode("disk/home", 0, WITHOUT_RING);
    Running peer = dfget(0, "/slow", supernode);
    lab.awaitSealed("disk/home", PIECES_OF_HALF);
    fill(disk.resolve("of somebody else"));
    source.release();

    assertThatItHasNoSpace(peer, supernode);
    assertFreeSoon(PIECES_OF_HALF * PIECE_BYTES);
    assertGoesOn(supernode);
  }

  @Test
  void aFileThatTurnsOutToBeTooLargeEndsThatFetchAlone() throws Exception {
    CommandLab.SupernodeProcess supernode = lab.supernode("disk/home", 0, WITHOUT_RING);
    long free = Files.getFileStore(disk).getUsableSpace();

    assertThatItHasNoSpace(dfget(0, "/chunked", supernode), supernode);
    assertFreeSoon(free - (64 << 10)); // a little is known of each task
    assertGoesOn(supernode);
  }

  private static void fill(Path file) throws IOException {
    byte[] bytes = new byte[4096];
    try (OutputStream out = Files.newOutputStream(file)) {
      assertThatThrownBy(
              () -> {
                while (true) {
                  out.write(bytes);
                }
              })
          .isInstanceOf(IOException.class)
          .hasMessageContaining("No space left");
    }
  }

  private void assertThatItHasNoSpace(Running peer, CommandLab.SupernodeProcess supernode)
      throws Exception {
    assertThat(peer.exitCode(SOON)).as(peer.err() + supernode.running().err()).isEqualTo(15);
    assertThat(peer.json().at("/error/kind").asText()).isEqualTo("no_space");
    assertThat(dir.resolve("out0")).doesNotExist();
  }

  private void assertFreeSoon(long bytes) {
    Awaitility.await()
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(Files.getFileStore(disk).getUsableSpace())
                    .isGreaterThanOrEqualTo(bytes));
  }

  private void assertGoesOn(CommandLab.SupernodeProcess supernode) throws Exception {
    HttpResponse<String> ready = CommandLab.get(supernode.address(), "/readyz");
    assertThat(ready.statusCode()).as(ready.body()).isEqualTo(200);
    Running next = dfget(1, "/small", supernode);
    assertThat(next.exitCode(SOON)).as(next.err()).isZero();
    assertThat(dir.resolve("out1")).hasBinaryContent(source.small());
  }

  private Running dfget(int number, String path, CommandLab.SupernodeProcess supernode)
      throws IOException {
    return lab.start(
        "dfget",
        "--url",
        source.url(path),
        "--output",
        "out" + number,
        "--node",
        supernode.address(),
        "--home",
        dir.resolve("home" + number).toString(),
        "--json");
  }

  private void assertAllGet(String path, CommandLab.SupernodeProcess supernode) throws Exception {
    List<Running> peers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      peers.add(dfget(i, path, supernode));
    }
    for (int i = 0; i < 3; i++) {
      Running peer = peers.get(i);
      assertThat(peer.exitCode(SOON)).as(peer.err()).isZero();
      assertThat(Files.readAllBytes(dir.resolve("out" + i))).isEqualTo(source.slow());
    }
  }
}
