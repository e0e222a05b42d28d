package io.dragonfly.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.internal.storage.OpenFiles.Lease;
import io.dragonfly.internal.storage.OpenFiles.Use;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class OpenFilesTest {
  @TempDir Path directory;
  private final OpenFiles files = new OpenFiles(2, Machine.LOCAL);

  @AfterEach
  void close() {
    files.close();
  }

  @Test
  void sharesAFileThatIsOpen() throws Exception {
    Path file = file("a");
    try (Lease one = files.open(file, Use.READ);
        Lease two = files.open(file, Use.READ);
        Lease writing = files.open(file, Use.WRITE)) {
      assertThat(two.channel()).isSameAs(one.channel());
      assertThat(writing.channel()).isNotSameAs(one.channel());
    }
  }

  @Test
  void keepsAFewFilesOpenThatNobodyUses() throws Exception {
    List<FileChannel> channels = new ArrayList<>();
    for (String name : List.of("a", "b", "c", "d")) {
      try (Lease lease = files.open(file(name), Use.READ)) {
        channels.add(lease.channel());
      }
    }

    assertThat(channels).extracting(FileChannel::isOpen).containsExactly(false, false, true, true);
    try (Lease again = files.open(directory.resolve("d"), Use.READ)) {
      assertThat(again.channel()).isSameAs(channels.get(3));
    }
  }

  @Test
  void keepsAllFilesOpenThatSomebodyUses() throws Exception {
    List<Lease> leases = new ArrayList<>();
    for (String name : List.of("a", "b", "c", "d")) {
      leases.add(files.open(file(name), Use.READ));
    }
    assertThat(leases).allMatch(lease -> lease.channel().isOpen());

    leases.forEach(Lease::close);
    leases.forEach(Lease::close); // the second time does nothing
    assertThat(leases).filteredOn(lease -> lease.channel().isOpen()).hasSize(2);
  }

  @Test
  void aFileThatIsForgottenStaysOpenForThoseWhoUseIt() throws Exception {
    Path file = file("a");
    Lease one = files.open(file, Use.READ);
    files.forget(file);
    Files.delete(file);
    Files.writeString(file, "another one");

    try (Lease two = files.open(file, Use.READ)) {
      assertThat(two.channel()).isNotSameAs(one.channel());
      assertThat(one.channel().size()).isEqualTo(1);
    }
    one.close();
    assertThat(one.channel().isOpen()).isFalse();
  }

  @Test
  void aFileThatIsForgottenAndNotUsedIsClosed() throws Exception {
    Path file = file("a");
    Lease lease = files.open(file, Use.READ);
    lease.close();
    files.forget(file);

    assertThat(lease.channel().isOpen()).isFalse();
  }

  @Test
  void opensAnewWhatAnInterruptHasClosed() throws Exception {
    Path file = file("a");
    try (Lease one = files.open(file, Use.READ)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> one.channel().size()).isInstanceOf(IOException.class);
      assertThat(Thread.interrupted()).isTrue();

      try (Lease two = files.open(file, Use.READ)) {
        assertThat(two.channel().size()).isEqualTo(1);
      }
    }
  }

  @Test
  void closesAllAtTheEnd() throws Exception {
    Path file = file("a");
    Lease used = files.open(file, Use.READ);
    Lease forgotten = files.open(file("b"), Use.READ);
    files.forget(directory.resolve("b"));
    files.close();

    assertThat(used.channel().isOpen()).isFalse();
    assertThat(forgotten.channel().isOpen()).isFalse();
    assertThatThrownBy(() -> files.open(file, Use.READ)).hasMessageContaining("closed");
    used.close();
    forgotten.close();
  }

  @Test
  void aFileThatIsReplacedWhileItIsBeingOpenedIsNotKept() throws Exception {
    Path file = file("a");
    Path other = file("other");
    FakeMachine machine = new FakeMachine();
    try (OpenFiles slow = new OpenFiles(2, machine)) {
      machine.afterOpen(
          () -> {
            machine.afterOpen(() -> {});
            Files.writeString(other, "another one");
            Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
            slow.forget(file);
          });
      try (Lease lease = slow.open(file, Use.READ)) {
        assertThat(lease.channel().size()).isEqualTo("another one".length());
      }
      try (Lease lease = slow.open(file, Use.READ)) {
        assertThat(lease.channel().size()).isEqualTo("another one".length());
      }
    }
  }

  @Test
  void aMissingFileIsNoSuchFile() {
    assertThatThrownBy(() -> files.open(directory.resolve("none"), Use.READ))
        .isInstanceOf(NoSuchFileException.class);
  }

  private Path file(String name) throws IOException {
    return Files.writeString(directory.resolve(name), "1");
  }
}
