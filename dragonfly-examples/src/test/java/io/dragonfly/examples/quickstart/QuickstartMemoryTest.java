package io.dragonfly.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickstartMemoryTest {
  private static final long GIB = 1L << 30;

  @TempDir Path root;

  @BeforeEach
  void aMachineWithEightGibibytes() throws IOException {
    write("proc/meminfo", "MemTotal:       16777216 kB\nMemAvailable:    8388608 kB\n");
  }

  private void write(String file, String content) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, content);
  }

  private QuickstartMemory memory() {
    return QuickstartMemory.in(root);
  }

  @Test
  void isWhatTheMachineHasLeft() {
    assertThat(memory().available()).hasValue(8 * GIB);
  }

  @Test
  void isLessInAGroupWithALimitOfVersion2() throws IOException {
    write("proc/self/cgroup", "0::/user/me\n");
    write("sys/fs/cgroup/user/me/memory.max", "max\n");
    write("sys/fs/cgroup/user/me/memory.current", "5\n");
    write("sys/fs/cgroup/user/memory.max", 3 * GIB + "\n");
    write("sys/fs/cgroup/user/memory.current", 2 * GIB + "\n");
    write("sys/fs/cgroup/user/memory.stat", "anon 7\ninactive_file " + GIB / 2 + "\n");

    assertThat(memory().available()).hasValue(GIB + GIB / 2);
  }

  @Test
  void isLessInAContainerThatSeesItsOwnGroupAsTheRoot() throws IOException {
    write("proc/self/cgroup", "0::/\n");
    write("sys/fs/cgroup/memory.max", GIB + "\n");
    write("sys/fs/cgroup/memory.current", GIB / 4 + "\n");

    assertThat(memory().available()).hasValue(GIB - GIB / 4);
  }

  @Test
  void isLessInAGroupWithALimitOfVersion1() throws IOException {
    write("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/docker/abc\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", 2 * GIB + "\n");
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", GIB + "\n");
    write("sys/fs/cgroup/memory/memory.stat", "cache 9\ntotal_inactive_file 1024\n");

    assertThat(memory().available()).hasValue(GIB + 1024);
  }

  @Test
  void aGroupWithoutALimitCountsForNothing() throws IOException {
    write("proc/self/cgroup", "4:memory:/\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", GIB + "\n");

    assertThat(memory().available()).hasValue(8 * GIB);
  }

  @Test
  void isNotKnownOnOtherSystems() {
    QuickstartMemory other = QuickstartMemory.in(root.resolve("nowhere"));

    assertThat(other.available()).isEmpty();
    assertThatCode(() -> other.require(1000)).doesNotThrowAnyException();
  }

  @Test
  void saysHowMuchIsMissing() {
    assertThatCode(() -> memory().require(5)).doesNotThrowAnyException();
    assertThatThrownBy(() -> memory().require(65))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "65 processes need 12.3 GiB of memory, and 8.0 GiB are available: give fewer --peers,"
                + " or end something else");
  }
}
