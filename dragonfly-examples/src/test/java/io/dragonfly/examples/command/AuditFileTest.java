package io.dragonfly.examples.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.core.joran.spi.JoranException;
import io.dragonfly.error.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** The file of {@code --audit-log}. */
class AuditFileTest {
  private static final Logger audit = LoggerFactory.getLogger("io.dragonfly.audit");
  private static final Logger log = LoggerFactory.getLogger(AuditFileTest.class);

  @TempDir private Path dir;
  private Path file;
  private Path server;

  @BeforeEach
  void names() {
    file = dir.resolve("audit.log");
    server = dir.resolve("server.log");
  }

  @AfterEach
  void logAsBefore() throws JoranException {
    Logging.stop();
  }

  private void start(String... words) throws IOException {
    CommandLine.populateCommand(new LogOptions(), words).startInFile(server, dir);
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void linesAreInTheFileAndInNoOtherLog() throws IOException {
    start("--audit-log=audit.log");
    audit.info("{}", "{\"event\":\"pin_task\"}");
    log.info("a line");

    assertThat(Files.readAllLines(file)).containsExactly("{\"event\":\"pin_task\"}");
    assertThat(Files.readString(server)).contains("a line").doesNotContain("pin_task");
    assertThat(mode(file)).isEqualTo("rw-------");
  }

  @Test
  void withoutTheOptionTheyAreNowhere() throws IOException {
    start("--audit-log=" + file);
    start();
    assertThat(audit.isInfoEnabled()).isFalse();
    audit.info("{}", "{}");
    assertThat(file).isEmptyFile();
    assertThat(server).isEmptyFile();
  }

  @Test
  void linesAreAppendedToAFileThatNobodyElseCanReadFromThenOn() throws IOException {
    Files.writeString(file, "before\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));
    start("--audit-log=" + file);
    audit.info("one");
    Logging.startInFile(server, false, Logging.Format.JSON); // as a call that wants JSON does
    audit.info("two");

    assertThat(Files.readAllLines(file)).containsExactly("before", "one", "two");
    assertThat(mode(file)).isEqualTo("rw-------");
  }

  @Test
  void aLinkOrADirectoryIsRefusedAndTheTargetStays() throws IOException {
    Path target = Files.writeString(dir.resolve("target"), "precious");
    Path link = Files.createSymbolicLink(dir.resolve("link"), target);
    Path nowhere = Files.createSymbolicLink(dir.resolve("nowhere"), dir.resolve("made"));
    for (Path bad : List.of(link, nowhere, dir, dir.resolve("no/such/directory"))) {
      assertThatThrownBy(() -> start("--audit-log=" + bad))
          .as("%s", bad)
          .isInstanceOf(StorageException.class)
          .hasMessageContaining(bad.toString())
          .hasMessageContaining("--audit-log");
    }
    assertThat(target).hasContent("precious");
    assertThat(dir.resolve("made")).doesNotExist();
  }

  @Test
  void aFileThatBecomesALinkIsNotFollowed() throws IOException {
    start("--audit-log=" + file);
    audit.info("one");
    Path target = Files.writeString(dir.resolve("target"), "precious");
    Files.delete(file);
    Files.createSymbolicLink(file, target);
    Logging.startInFile(server, false, Logging.Format.TEXT); // opens it again
    audit.info("two");

    assertThat(target).hasContent("precious");
  }

  @Test
  void filesAreRotatedAndAllOfThemAreTheUsersAlone() throws IOException {
    start("--audit-log=" + file);
    String line = "x".repeat(1 << 16);
    for (int i = 0; i < 1600; i++) { // 100 MiB
      audit.info(line);
    }

    try (Stream<Path> files = Files.list(dir)) {
      List<Path> all =
          files.filter(each -> each.getFileName().toString().startsWith("audit")).toList();
      assertThat(all).hasSize(5);
      long bytes = 0;
      for (Path each : all) {
        bytes += Files.size(each);
        assertThat(mode(each)).isEqualTo("rw-------");
      }
      assertThat(bytes).isBetween(40L << 20, 60L << 20);
    }
  }

  @Test
  void anInterruptOfAThreadThatLogsDoesNotEndTheLog() throws IOException {
    start("--audit-log=" + file);
    Thread.currentThread().interrupt();
    audit.info("one");
    assertThat(Thread.interrupted()).isTrue();
    audit.info("two");

    assertThat(Files.readAllLines(file)).containsExactly("one", "two");
  }
}
