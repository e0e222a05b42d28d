package io.dragonfly.transport.http.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.ControlExamples;
import io.dragonfly.testkit.Fuzz;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Each message in every shape: it is read, or refused; seeded, and bounded by the counts. */
@Tag("fuzz")
class WireFuzzTest {
  private static final String SECRET = ControlExamples.caller().secret().reveal();
  private static final String SIGNS = "{}[]\",:0123456789-.eE\\u tnf";

  private interface Reader {
    Object read(byte[] json) throws WireException;
  }

  private interface RequestReader {
    Object read(byte[] json, String secret) throws WireException;
  }

  private static <M> List<byte[]> json(List<M> messages, Function<M, byte[]> writer) {
    return messages.stream().map(writer).toList();
  }

  private static void readOrRefused(List<byte[]> honest, Reader reader) {
    Fuzz.Counts counts =
        Fuzz.of(SIGNS, honest)
            .run(
                input -> {
                  try {
                    assertThat(reader.read(input)).isNotNull();
                    return true;
                  } catch (WireException e) {
                    assertThat(e.getMessage()).doesNotContain("\n").isNotEmpty();
                    assertThat(e.getMessage()).hasSizeLessThanOrEqualTo(1_000);
                    return false;
                  }
                });
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }

  private static void requestsReadOrRefused(List<byte[]> honest, RequestReader reader) {
    readOrRefused(honest, json -> reader.read(json, SECRET));
  }

  @Test
  void aRequestIsReadOrRefused() {
    requestsReadOrRefused(
        json(ControlExamples.registerRequests(), RequestsJson::write), RequestsJson::readRegister);
    requestsReadOrRefused(
        json(ControlExamples.offerRequests(), RequestsJson::write), RequestsJson::readOffer);
    requestsReadOrRefused(
        json(ControlExamples.nextRequests(), RequestsJson::write), RequestsJson::readNext);
    requestsReadOrRefused(
        json(ControlExamples.leaveRequests(), RequestsJson::write), RequestsJson::readLeave);
  }

  @Test
  void anAnswerIsReadOrRefused() {
    readOrRefused(
        json(ControlExamples.registerAnswers(), ResponsesJson::write), ResponsesJson::readRegister);
    readOrRefused(
        json(ControlExamples.offerAnswers(), ResponsesJson::write), ResponsesJson::readOffer);
    readOrRefused(
        json(ControlExamples.nextAnswers(), ResponsesJson::write), ResponsesJson::readNext);
    readOrRefused(json(ControlExamples.failures(), FailureJson::answer), FailureJson::readAnswer);
  }

  @Test
  void aPreheatIsReadOrRefused() {
    String image =
        "{\"image\":\"registry.test/lab/app:v1\",\"platforms\":[\"linux/amd64\"],"
            + "\"username\":\"u\",\"password\":\"p\",\"peers\":[\"all\"]}";
    String file =
        "{\"url\":\"https://u@host/f?q=1\",\"filter\":[\"q\"],\"headers\":[\"A:"
            + " b\"],\"digest\":\"sha256:"
            + "ab".repeat(32)
            + "\"}";
    List<byte[]> both = json(List.of(image, file), text -> text.getBytes(StandardCharsets.UTF_8));
    readOrRefused(both, PreheatJson::read);
    readOrRefused(both, PreheatJson::readPeers);
  }

  @Test
  void aPathNamesATaskOrNone() {
    Fuzz.Counts counts =
        Fuzz.of("0123456789abcdef/.%", PieceWire.path(ControlExamples.TASK))
            .run(
                input -> {
                  Optional<TaskId> task = PieceWire.task(Fuzz.text(input));
                  task.ifPresent(id -> assertThat(id.hex()).matches("[0-9a-f]{64}"));
                  return task.isPresent();
                });
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }

  @Test
  void aRangeIsRightOrRefused() {
    Fuzz.Counts counts =
        Fuzz.of("0123456789-=/ ,*bytes\0", "bytes=100-199", "bytes=0-0")
            .run(
                input -> {
                  assertThat(PieceWire.parseRange(Fuzz.text(input)).length()).isPositive();
                  return true;
                },
                WireException.class);
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
    counts =
        Fuzz.of("0123456789-=/ ,*bytes\0", "bytes 100-199/2000", "bytes 0-0/*")
            .run(
                input -> {
                  PieceWire.ContentRange got = PieceWire.parseContentRange(Fuzz.text(input));
                  assertThat(got.range().length()).isPositive();
                  return true;
                },
                WireException.class);
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }
}
