package io.dragonfly.transport.http.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.OfferRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.testkit.ControlExamples;
import io.dragonfly.testkit.Mutations;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each message in every shape: it is read, or refused; seeded, and bounded by the counts. */
class WireFuzzTest {
  private static final String SECRET = ControlExamples.caller().secret().reveal();
  private static final int TRIES = 200;

  private interface Reader {
    Object read(byte[] json) throws WireException;
  }

  private record Message(byte[] honest, Reader reader) {}

  private static List<Message> messages() {
    List<Message> all = new ArrayList<>();
    all.add(new Message(RequestsJson.write(ControlExamples.joinRequest()), RequestsJson::readJoin));
    all.add(new Message(AnswersJson.write(ControlExamples.joinAnswer()), AnswersJson::readJoin));
    all.add(
        request(
            RequestsJson.write(new OfferRequest(ControlExamples.provenCaller(), List.of())),
            RequestsJson::readOffer));
    ControlExamples.registerRequests()
        .forEach(m -> all.add(request(RequestsJson.write(m), RequestsJson::readRegister)));
    ControlExamples.offerRequests()
        .forEach(m -> all.add(request(RequestsJson.write(m), RequestsJson::readOffer)));
    ControlExamples.nextRequests()
        .forEach(m -> all.add(request(RequestsJson.write(m), RequestsJson::readNext)));
    ControlExamples.leaveRequests()
        .forEach(m -> all.add(request(RequestsJson.write(m), RequestsJson::readLeave)));
    ControlExamples.registerAnswers()
        .forEach(m -> all.add(new Message(AnswersJson.write(m), AnswersJson::readRegister)));
    ControlExamples.offerAnswers()
        .forEach(m -> all.add(new Message(AnswersJson.write(m), AnswersJson::readOffer)));
    ControlExamples.nextAnswers()
        .forEach(m -> all.add(new Message(AnswersJson.write(m), AnswersJson::readNext)));
    ControlExamples.failures()
        .forEach(m -> all.add(new Message(FailureJson.answer(m), FailureJson::readAnswer)));
    String image =
        "{\"image\":\"registry.test/lab/app:v1\",\"platforms\":[\"linux/amd64\"],"
            + "\"username\":\"u\",\"password\":\"p\",\"peers\":[\"all\"]}";
    String file =
        "{\"url\":\"https://u@host/f?q=1\",\"filter\":[\"q\"],\"headers\":[\"A:"
            + " b\"],\"digest\":\"sha256:"
            + "ab".repeat(32)
            + "\"}";
    for (String preheat : List.of(image, file)) {
      byte[] json = preheat.getBytes(StandardCharsets.UTF_8);
      all.add(new Message(json, PreheatJson::read));
      all.add(new Message(json, PreheatJson::readPeers));
    }
    return all;
  }

  private interface RequestReader {
    Object read(byte[] json, String secret) throws WireException;
  }

  private static Message request(byte[] honest, RequestReader reader) {
    return new Message(honest, json -> reader.read(json, SECRET));
  }

  @Test
  void aMessageIsReadOrRefused() {
    Mutations mutations = new Mutations(20261127, "{}[]\",:0123456789-.eE\\u tnf");
    int read = 0;
    int refused = 0;
    for (Message message : messages()) {
      for (int i = 0; i < TRIES; i++) {
        try {
          assertThat(message.reader().read(mutations.of(message.honest()))).isNotNull();
          read++;
        } catch (WireException e) {
          assertThat(e.getMessage()).doesNotContain("\n").isNotEmpty().hasSizeLessThan(1_000);
          refused++;
        }
      }
    }
    assertThat(read).isGreaterThan(TRIES);
    assertThat(refused).isGreaterThan(TRIES);
  }

  @Test
  void rangesAndPathsAreRightOrRefused() {
    Mutations mutations = new Mutations(1, "0123456789-=/ ,*bytes\0");
    String path = PieceWire.path(ControlExamples.TASK);
    for (int i = 0; i < 5_000; i++) {
      PieceWire.task(mutations.of(path))
          .ifPresent(task -> assertThat(task.hex()).matches("[0-9a-f]{64}"));
      try {
        ByteRange range = PieceWire.parseRange(mutations.of("bytes=100-199"));
        assertThat(range.length()).isPositive();
        PieceWire.ContentRange got =
            PieceWire.parseContentRange(mutations.of("bytes 100-199/2000"));
        assertThat(got.range().length()).isPositive();
      } catch (WireException e) {
        assertThat(e.getMessage()).hasSizeLessThan(200);
      }
    }
  }
}
