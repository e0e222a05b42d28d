package io.dragonfly.examples.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.core.joran.spi.JoranException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

@SuppressWarnings("try")
class LoggingTest {
  private static final Logger log = LoggerFactory.getLogger(LoggingTest.class);

  @TempDir private Path dir;
  private Path file;

  @BeforeEach
  void logInAFile() throws IOException {
    file = dir.resolve("server.log");
    Logging.startInFile(file, false, Logging.Format.TEXT);
  }

  @AfterEach
  void logAsBefore() throws JoranException {
    Logging.stop();
  }

  @Test
  void aLogThatIsALinkIsReplacedAndItsTargetStays() throws IOException {
    Path target = Files.writeString(dir.resolve("target"), "precious");
    file = Files.createSymbolicLink(dir.resolve("link.log"), target);

    Logging.startInFile(file, false, Logging.Format.TEXT);
    log.warn("a line");

    assertThat(Files.readString(file)).contains("a line");
    assertThat(target).hasContent("precious");
  }

  @Test
  void aLineHasNoTraceAndNoNameOfAnException() throws IOException {
    log.warn("read broke off: {}", new IOException("reset by peer").toString());
    log.warn("that failed", new IOException("reset by peer"));
    log.debug("nobody asked for this");

    assertThat(Files.readAllLines(file)).hasSize(2);
    assertThat(Files.readString(file))
        .contains("WARN  read broke off: reset by peer\n")
        .doesNotContain("Exception");
  }

  @Test
  void filesAreRotatedAndStayBelowTheirBound() throws IOException {
    String line = "x".repeat(1 << 16);
    for (int i = 0; i < 1600; i++) { // 100 MiB
      log.info(line);
    }

    try (Stream<Path> files = Files.list(dir)) {
      assertThat(files.map(p -> p.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "server.log", "server.log.1", "server.log.2", "server.log.3", "server.log.4");
    }
    long all = 0;
    for (int i = 0; i <= 4; i++) {
      all += Files.size(i == 0 ? file : dir.resolve("server.log." + i));
    }
    assertThat(all).isBetween(40L << 20, 60L << 20);
  }

  @Test
  void anEventIsAnObjectIfThatIsTheFormat() throws IOException {
    Logging.startInFile(file, false, Logging.Format.JSON);

    log.info("a \"quoted\" name\nand a second line");

    JsonNode event = new ObjectMapper().readTree(Files.readAllLines(file).get(0));
    assertThat(event.at("/level").asText()).isEqualTo("INFO");
    assertThat(event.at("/message").asText()).isEqualTo("a \"quoted\" name\nand a second line");
    assertThat(event.at("/logger").asText()).isEqualTo(LoggingTest.class.getName());
    assertThat(event.at("/time").asText()).endsWith("Z");
  }

  @Test
  void whoFollowsSeesWhatWasAskedForAndTheFileIsAsBefore() throws IOException {
    ByteArrayOutputStream terse = new ByteArrayOutputStream();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    Logging.Following first = Logging.follow(terse, false, Level.INFO, Logging.Format.TEXT);
    try (Logging.Following second = Logging.follow(all, true, Level.INFO, Logging.Format.TEXT)) {
      log.debug("detail");
      log.info("step");
    }
    log.debug("later detail");
    log.info("later step");
    first.close();
    log.info("last step");

    assertThat(all.toString(UTF_8)).contains("detail", "step").doesNotContain("later");
    assertThat(terse.toString(UTF_8))
        .contains("step", "later step")
        .doesNotContain("detail", "last");
    assertThat(Files.readString(file)).contains("last step").doesNotContain("detail");
  }

  /** As other tests in the same process expect it. */
  @Test
  void afterAStopNothingIsLeftOfWhatWasStarted() throws Exception {
    Logging.start(true, Level.WARN);
    Logging.stop();

    ByteArrayOutputStream said = new ByteArrayOutputStream();
    try (Logging.Following following =
        Logging.follow(said, false, Level.INFO, Logging.Format.TEXT)) {
      log.info("step");
    }

    assertThat(said.toString(UTF_8)).contains("step");
    assertThat(log.isInfoEnabled()).isFalse();
    assertThat(Files.readString(file)).isEmpty();
  }

  @Test
  void whoFollowsAndIsGoneDisturbsNobody() throws IOException {
    OutputStream gone =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    try (Logging.Following following =
        Logging.follow(gone, false, Level.INFO, Logging.Format.TEXT)) {
      log.info("one");
      log.info("two");
    }

    assertThat(Files.readString(file)).contains("one", "two");
  }
}
