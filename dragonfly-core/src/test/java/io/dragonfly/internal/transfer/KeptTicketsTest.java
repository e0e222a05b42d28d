package io.dragonfly.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeTicker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptTicketsTest {
  private static final TaskId TASK = new TaskId("ab".repeat(32));
  private static final TaskId OTHER = new TaskId("cd".repeat(32));
  private static final String SUPERNODE = "in this process";

  @TempDir Path dir;
  private final FakeTicker ticker = new FakeTicker();
  private Path file;

  @BeforeEach
  void name() {
    file = dir.resolve("tickets");
  }

  private KeptTickets open() {
    return KeptTickets.in(file, ticker.clock());
  }

  @Test
  void aLaterProcessHasWhatThisOneKept() throws Exception {
    KeptTickets tickets = open();
    tickets.keep(SUPERNODE, TASK, "one");
    tickets.save();
    tickets.keep(SUPERNODE, TASK, "two");
    tickets.keep("host:8002", TASK, "three");
    tickets.save();
    tickets.save();

    for (KeptTickets each : new KeptTickets[] {tickets, open(), open()}) {
      assertThat(each.find(SUPERNODE, TASK)).contains("two");
      assertThat(each.find("host:8002", TASK)).contains("three");
      assertThat(each.find(SUPERNODE, OTHER)).isEmpty();
      assertThat(each.find("other:8002", TASK)).isEmpty();
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void afterAnHourItIsForgotten() throws Exception {
    KeptTickets tickets = open();
    tickets.keep(SUPERNODE, TASK, "ticket");
    tickets.save();
    ticker.advance(Duration.ofMinutes(59));
    assertThat(tickets.find(SUPERNODE, TASK)).contains("ticket");

    ticker.advance(Duration.ofMinutes(2));

    assertThat(tickets.find(SUPERNODE, TASK)).isEmpty();
    assertThat(open().find(SUPERNODE, TASK)).isEmpty();
    assertThat(file).isEmptyFile();
  }

  @Test
  void whatIsNoLineIsPassedOver() throws Exception {
    KeptTickets tickets = open();
    tickets.keep(SUPERNODE, TASK, "ticket");
    tickets.save();
    String line = Files.readString(file);
    Files.writeString(
        file,
        "\nnonsense\nx y z w\n" + line + line.replace(TASK.hex(), OTHER.hex()).substring(0, 30));

    assertThat(open().find(SUPERNODE, TASK)).contains("ticket");
    assertThat(open().find(SUPERNODE, OTHER)).isEmpty();
  }

  @Test
  void theFileDoesNotGrowWithEachRegistration() throws Exception {
    KeptTickets tickets = open();
    for (int i = 0; i < 3000; i++) {
      tickets.keep(SUPERNODE, TASK, "ticket" + i);
      tickets.save();
    }

    assertThat(Files.readAllLines(file).size()).isLessThan(1100);
    assertThat(open().find(SUPERNODE, TASK)).contains("ticket2999");
  }

  @Test
  void theFileDoesNotGrowInAProcessThatRunsForDays() throws Exception {
    KeptTickets tickets = open();
    for (int i = 0; i < 6000; i++) {
      tickets.keep(SUPERNODE, new TaskId("%064x".formatted(i)), "ticket");
      if (i % 500 == 499) {
        tickets.save();
        ticker.advance(Duration.ofMinutes(61));
      }
    }

    assertThat(Files.readAllLines(file).size()).isLessThanOrEqualTo(2000);
  }

  @Test
  void aFileThatCannotBeUsedIsNoReasonToFail() throws IOException {
    Files.createDirectory(file);
    KeptTickets tickets = open();
    tickets.keep(SUPERNODE, TASK, "ticket");
    tickets.save();

    assertThat(tickets.find(SUPERNODE, TASK)).contains("ticket");
  }
}
