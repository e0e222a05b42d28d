package io.dragonfly.internal.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/**
 * A small ext4 file system in a file, mounted through a loop device: what it says when it is full
 * is what the kernel says. Needs root. Nothing of it is left once it is closed, or this process
 * ends.
 */
final class LoopDisk implements AutoCloseable {
  private static final long BYTES = 48L << 20;

  private final Path mount;
  private final Thread hook = new Thread(this::unmount);

  private LoopDisk(Path mount) {
    this.mount = mount;
  }

  /** Mounts a new disk, or skips the test where that is not possible. */
  static LoopDisk mount(Path directory, String... mkfsOptions) throws IOException {
    Path image = directory.resolve("disk.img");
    LoopDisk disk = new LoopDisk(Files.createDirectory(directory.resolve("disk")));
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(BYTES);
    }
    List<String> mkfs = new ArrayList<>(List.of("mkfs.ext4", "-q", "-F", "-m", "0"));
    mkfs.addAll(List.of(mkfsOptions));
    mkfs.add(image.toString());
    assume(mkfs);
    Runtime.getRuntime().addShutdownHook(disk.hook);
    // The kernel frees the loop device when the file system is unmounted.
    assume(
        List.of("mount", "-o", "loop,errors=remount-ro", image.toString(), disk.mount.toString()));
    return disk;
  }

  private static void assume(List<String> command) {
    String said = run(command);
    Assumptions.assumeTrue(said.isEmpty(), "this user cannot mount a disk: " + said);
  }

  /** Runs a command and returns what it says; empty if all is well. */
  private static String run(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), UTF_8);
      int code = process.waitFor();
      return code == 0 ? "" : "%s: %d %s".formatted(command, code, said);
    } catch (IOException e) {
      return e.toString();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return e.toString();
    }
  }

  Path path() {
    return mount;
  }

  /** Writes a file that leaves this many bytes free, or a little less. */
  void fill(String name, long leave) throws IOException {
    byte[] block = new byte[1024];
    try (OutputStream out = Files.newOutputStream(mount.resolve(name))) {
      while (mount.toFile().getUsableSpace() > leave) {
        out.write(block);
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left");
    }
  }

  /** Has the disk fail: the kernel makes it read-only at once, whatever files are open. */
  void fail() throws IOException {
    Path device = Path.of(Files.getFileStore(mount).name());
    Path trigger = Path.of("/sys/fs/ext4", device.getFileName().toString(), "trigger_fs_error");
    Assumptions.assumeTrue(Files.exists(trigger), "this kernel fails no disk on purpose");
    Files.writeString(trigger, "on purpose");
  }

  private void unmount() {
    String said = run(List.of("umount", mount.toString()));
    if (!said.isEmpty()) {
      run(List.of("umount", "-l", mount.toString()));
    }
  }

  @Override
  public void close() {
    unmount();
    Runtime.getRuntime().removeShutdownHook(hook);
    assertThat(run(List.of("mountpoint", mount.toString()))).as("left mounted").isNotEmpty();
  }
}
