package io.dragonfly.internal.access;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.control.SecurityEvent.Kind;
import io.dragonfly.testkit.FakeTicker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What a line says, and how many there are. */
class AuditLogTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger(AuditLog.LOGGER);
  private final ListAppender<ILoggingEvent> written = new ListAppender<>();
  private final FakeTicker ticker = new FakeTicker();
  private final AuditLog log = new AuditLog(ticker.clock(), ticker, ticker.timer());

  @BeforeEach
  void listen() {
    logger.setLevel(Level.INFO);
    logger.setAdditive(false);
    written.start();
    logger.addAppender(written);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(written);
    logger.setAdditive(true);
    logger.setLevel(null);
  }

  private List<String> lines() {
    return written.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  private List<JsonNode> objects() throws IOException {
    List<JsonNode> objects = new ArrayList<>();
    for (String line : lines()) {
      objects.add(new ObjectMapper().readTree(line));
    }
    return objects;
  }

  private static SecurityEvent refused(Kind kind) {
    return SecurityEvent.refused(kind, "", "192.0.2.1", "", "no");
  }

  @Test
  void aLineSaysWhoDidWhatFromWhereAndWhatCameOfIt() {
    log.write(
        SecurityEvent.done(Kind.PIN_TASK, "operators' token", "192.0.2.1", "POST /pin")
            .failed("it is gone"));

    assertThat(lines())
        .containsExactly(
            "{\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"pin_task\",\"outcome\":\"failed\","
                + "\"who\":\"operators' token\",\"from\":\"192.0.2.1\",\"what\":\"POST /pin\","
                + "\"reason\":\"it is gone\"}");
  }

  @Test
  void whatIsNotKnownIsLeftOut() throws Exception {
    log.write(refused(Kind.JOIN_REFUSED));

    assertThat(objects().get(0).fieldNames())
        .toIterable()
        .containsExactly("time", "event", "outcome", "from", "reason");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x\n{\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"delete_task\"}",
        "x\r\n\u2028\u2029\u0085{}",
        "\",\"outcome\":\"done\",\"x\":\"",
        "\u202e\ud800 \u001b[2K\\",
        "{}"
      })
  void nobodyForgesALine(String text) throws Exception {
    log.write(SecurityEvent.refused(Kind.HOST_REFUSED, text, text, text, text));

    assertThat(lines().get(0)).matches("[\\x20-\\x7e]+");
    JsonNode object = objects().get(0);
    assertThat(object.size()).isEqualTo(7);
    assertThat(object.at("/outcome").asText()).isEqualTo("refused");
    assertThat(object.at("/event").asText()).isEqualTo("host_refused");
    assertThat(lines()).hasSize(1);
  }

  @Test
  void aLineIsBoundedHoweverLongItsTextsAre() {
    String text = "\u00e4".repeat(1 << 20);
    log.write(SecurityEvent.refused(Kind.HOST_REFUSED, text, text, text, text));

    assertThat(lines().get(0)).hasSizeLessThan(4 * 6 * SecurityEvent.MOST_CHARACTERS + 200);
  }

  @Test
  void aFloodOfRefusalsIsBoundedAndTheRestIsCounted() throws Exception {
    for (int i = 0; i < 100_000; i++) {
      log.write(refused(Kind.CAPABILITY_REFUSED));
    }
    assertThat(lines()).hasSize(AuditLog.BURST);
    assertThat(ticker.timersSet()).isEqualTo(1);

    ticker.advance(AuditLog.SAY_AFTER);

    JsonNode last = objects().get(AuditLog.BURST);
    assertThat(lines()).hasSize(AuditLog.BURST + 1);
    assertThat(last.at("/left_out").asInt()).isEqualTo(100_000 - AuditLog.BURST);
    assertThat(last.at("/event").asText()).isEqualTo("capability_refused");
    ticker.advance(Duration.ofHours(1));
    assertThat(lines()).as("it is said once").hasSize(AuditLog.BURST + 1);
  }

  @Test
  void afterABurstOneLineASecondIsWritten() throws Exception {
    for (int i = 0; i < 1_000; i++) {
      log.write(refused(Kind.CAPABILITY_REFUSED));
      ticker.advance(Duration.ofMillis(10));
    }
    ticker.advance(AuditLog.SAY_AFTER);

    long written = objects().stream().filter(line -> line.at("/left_out").isMissingNode()).count();
    long leftOut = objects().stream().mapToLong(line -> line.at("/left_out").asLong()).sum();
    assertThat(written).isEqualTo(AuditLog.BURST + 9);
    assertThat(written + leftOut).isEqualTo(1_000);
  }

  @Test
  void aFloodHidesNoRefusalOfAnotherKindAndNoOperator() throws Exception {
    for (int i = 0; i < 1_000; i++) {
      log.write(refused(Kind.CAPABILITY_REFUSED));
    }
    log.write(refused(Kind.OPERATOR_REFUSED));
    for (int i = 0; i < 100; i++) {
      log.write(SecurityEvent.done(Kind.DELETE_TASK, "operators' token", "", "task " + i));
    }

    List<JsonNode> all = objects();
    assertThat(all).hasSize(AuditLog.BURST + 101);
    assertThat(all.get(AuditLog.BURST).at("/event").asText()).isEqualTo("operator_refused");
  }

  @Test
  void whatWasLeftOutIsSaidAtTheEndToo() throws Exception {
    for (int i = 0; i < 30; i++) {
      log.write(refused(Kind.JOIN_REFUSED));
    }
    ticker.timer().shutdownNow();
    log.close();

    assertThat(objects().get(AuditLog.BURST).at("/left_out").asInt()).isEqualTo(10);
  }

  @Test
  void nothingIsDoneForALogThatNobodyReads() {
    logger.setLevel(Level.OFF);
    for (int i = 0; i < 30; i++) {
      log.write(refused(Kind.JOIN_REFUSED));
    }

    assertThat(lines()).isEmpty();
    assertThat(ticker.timersSet()).isZero();
  }
}
