package io.dragonfly.transport.http.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.Assignment;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.TaskReport;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.ControlExamples;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ControlJsonTest {
  private static final String MUTATIONS = "{}[]\",:0-9atfn\\ ";
  private static final String SECRET = ControlExamples.caller().secret().reveal();

  @Test
  void requestsComeBackAsTheyWere() throws WireException {
    for (RegisterRequest request : ControlExamples.registerRequests()) {
      assertSame(RequestsJson.readRegister(RequestsJson.write(request), SECRET), request);
    }
    for (AnnounceRequest request : ControlExamples.offerRequests()) {
      assertSame(RequestsJson.readOffer(RequestsJson.write(request), SECRET), request);
    }
    for (PollRequest request : ControlExamples.nextRequests()) {
      assertSame(RequestsJson.readNext(RequestsJson.write(request), SECRET), request);
    }
    for (LeaveRequest request : ControlExamples.leaveRequests()) {
      assertSame(RequestsJson.readLeave(RequestsJson.write(request), SECRET), request);
    }
  }

  @Test
  void answersComeBackAsTheyWere() throws WireException {
    for (RegisterResponse answer : ControlExamples.registerAnswers()) {
      assertSame(ResponsesJson.readRegister(ResponsesJson.write(answer)), answer);
    }
    for (AnnounceResponse answer : ControlExamples.offerAnswers()) {
      assertSame(ResponsesJson.readOffer(ResponsesJson.write(answer)), answer);
    }
    for (PollResponse answer : ControlExamples.nextAnswers()) {
      assertSame(ResponsesJson.readNext(ResponsesJson.write(answer)), answer);
    }
    assertThat(ResponsesJson.readLeave(ResponsesJson.write(new LeaveResponse())))
        .isEqualTo(new LeaveResponse());
  }

  @Test
  void failuresComeBackAsTheyWere() throws WireException {
    for (DistributionException failure : ControlExamples.failures()) {
      Optional<DistributionException> read = FailureJson.readAnswer(FailureJson.answer(failure));
      assertThat(ControlExamples.describe(read.orElseThrow()))
          .isEqualTo(ControlExamples.describe(failure));
    }
  }

  @Test
  void aBusySupernodeIsWaitedForAMinuteAtMost() throws WireException {
    for (Duration wanted : List.of(Duration.ofHours(5), Duration.ofDays(365))) {
      byte[] json = FailureJson.answer(new BusyException("too many", wanted));
      assertThat(FailureJson.readAnswer(json).orElseThrow())
          .isInstanceOfSatisfying(
              BusyException.class,
              busy -> assertThat(busy.retryAfter()).isEqualTo(Duration.ofMinutes(1)));
    }
  }

  @Test
  void aFailureOfAnUnknownKindKeepsItsMessage() throws WireException {
    byte[] json = bytes("{\"error\":{\"kind\":\"NEW\",\"message\":\"what\\nnow\"}}");
    assertThat(FailureJson.readAnswer(json).orElseThrow())
        .isInstanceOf(CallRefusedException.class)
        .hasMessage("what now");
    assertThat(FailureJson.readAnswer(bytes("{\"error\":{\"message\":\"x\"}}"))).isEmpty();
  }

  @Test
  void whatTheOtherSideSaysStaysOneLine() throws WireException {
    byte[] json =
        bytes(
            "{\"error\":{\"kind\":\"ACCESS_REFUSED\",\"message\":\"no\","
                + "\"status\":401,\"challenges\":[\"Basic\\u001b[2J\\nx\"]}}");
    assertThat(FailureJson.readAnswer(json).orElseThrow())
        .isInstanceOfSatisfying(
            AccessRefusedException.class,
            refused -> assertThat(refused.challenges()).containsExactly("Basic [2J x"));
  }

  @Test
  void theSecretIsInNoBody() {
    List<byte[]> bodies = new ArrayList<>();
    ControlExamples.registerRequests().forEach(r -> bodies.add(RequestsJson.write(r)));
    ControlExamples.offerRequests().forEach(r -> bodies.add(RequestsJson.write(r)));
    ControlExamples.nextRequests().forEach(r -> bodies.add(RequestsJson.write(r)));
    ControlExamples.leaveRequests().forEach(r -> bodies.add(RequestsJson.write(r)));
    assertThat(bodies).noneMatch(body -> text(body).contains(SECRET));
  }

  /** Peers reckon with that when they cut calls, whose bound is {@link Wire#MAX_REQUEST_BYTES}. */
  @Test
  void aReportTakesAtMost160BytesBesideItsPieces() {
    int most = Integer.MAX_VALUE;
    TaskReport report =
        new TaskReport(
            new TaskId("f".repeat(64)), new PieceSpan(most - 1, most), most, List.of(), List.of());
    List<TaskReport> reports = Collections.nCopies(1000, report);
    PollRequest request =
        new PollRequest(ControlExamples.caller(), 0, reports, Duration.ofSeconds(30));
    assertThat(RequestsJson.write(request)).hasSizeLessThan(1000 * 160);
  }

  @Test
  void anAssignmentTakesAtMost24Bytes() {
    List<Assignment> assignments = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      assignments.add(new Assignment(10_000 + i, 1 + i % 20, 1 + i % 100, i % 1000));
    }
    int without = ResponsesJson.write(update(List.of(), PieceDigests.NONE)).length;
    int with = ResponsesJson.write(update(assignments, PieceDigests.NONE)).length;
    assertThat((with - without) / assignments.size()).isLessThanOrEqualTo(24);
  }

  @Test
  void digestsAreOneBinaryList() {
    int without = ResponsesJson.write(update(List.of(), PieceDigests.NONE)).length;
    byte[] list = new byte[512 * PieceDigests.BYTES];
    int with = ResponsesJson.write(update(List.of(), new PieceDigests(0, list))).length;
    assertThat(with - without).isLessThan(list.length * 4 / 3 + 100);
  }

  @Test
  void unknownFieldsAreIgnored() throws WireException {
    PollRequest request = ControlExamples.nextRequests().get(0);
    String json = text(RequestsJson.write(request));
    String more = "{\"added\":{\"later\":[1,{}]}," + json.substring(1);
    assertSame(RequestsJson.readNext(bytes(more), SECRET), request);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"peer":{"ip":"1.2.3.4","port":1},"patienceMillis":1}              | answered is missing
          {"peer":{"ip":"localhost","port":1},"answered":0}                  | peer.ip is not an IP address
          {"peer":{"ip":"1.2.3","port":1},"answered":0}                      | peer.ip is not an IP address
          {"peer":{"ip":"1.2.3.4","port":65536},"answered":0}                | peer.port is not a port
          {"peer":{"ip":"1.2.3.4","port":-1},"answered":0}                   | peer.port is not a whole number
          {"peer":{"ip":"1.2.3.4","port":1.5},"answered":0}                  | peer.port is not a whole number
          {"peer":{"ip":1,"port":1},"answered":0}                            | peer.ip is not a string
          {"peer":[],"answered":0}                                           | peer.ip is missing
          {"peer":{"ip":"1.2.3.4","port":1},"answered":99999999999999999999} | answered is not
          {"peer":{"ip":"1.2.3.4","port":1},"answered":0,"patienceMillis":9999999999999} | patienceMillis is not
          {"peer":{"ip":"1.2.3.4","port":1},"answered":0,"reports":[{}]}     | reports[0].wanted is missing
          {"peer":{"ip":"1.2.3.4","port":1},"answered":0,"reports":[{"task":"../x","wanted":[0,1]}],"patienceMillis":0} | a task id has
          {"peer":{"ip":"1.2.3.4","port":1},"answered":0,"patienceMillis":300001} | up to 300000
          {"a":1,"a":2}                                                      | Duplicate
          {"peer":1} {}                                                      | not valid JSON
          {"peer":                                                           | not valid JSON
          [1]                                                                | not a JSON object
          """)
  void badRequestsAreNamed(String json, String message) {
    assertThatThrownBy(() -> RequestsJson.readNext(bytes(json), SECRET))
        .isInstanceOf(WireException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aWrongSecretIsNotRepeated() {
    byte[] json = RequestsJson.write(ControlExamples.leaveRequests().get(0));
    assertThatThrownBy(() -> RequestsJson.readLeave(json, "not-a-secret"))
        .isInstanceOf(WireException.class)
        .hasMessageNotContaining("not-a-secret");
  }

  @Test
  void aBrokenUrlIsNotRepeated() {
    String json = text(RequestsJson.write(ControlExamples.registerRequests().get(1)));
    String broken = json.replace("http://h/", "http://h/?sig=se cret");
    assertThatThrownBy(() -> RequestsJson.readRegister(bytes(broken), SECRET))
        .isInstanceOf(WireException.class)
        .hasMessage("url is not a URL");
  }

  @Test
  void tooManyPiecesAreRefused() {
    String bits = "A".repeat(300_000) + "AAAB";
    String json =
        "{\"peer\":{\"ip\":\"::1\",\"port\":1},\"holdings\":[[\"%s\",\"%s\"]]}"
            .formatted(ControlExamples.TASK.hex(), bits);
    assertThatThrownBy(() -> RequestsJson.readOffer(bytes(json), SECRET))
        .isInstanceOf(WireException.class)
        .hasMessageContaining("too many");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{\"a\":"})
  void deepNestingIsRefused(String open) {
    byte[] json = bytes("{\"a\":" + open.repeat(10_000));
    assertThatThrownBy(() -> RequestsJson.readOffer(json, SECRET))
        .isInstanceOf(WireException.class);
  }

  @Test
  void whateverIsChangedNothingElseIsThrown() {
    Random random = new Random(7);
    for (RegisterRequest request : ControlExamples.registerRequests()) {
      byte[] json = RequestsJson.write(request);
      for (int i = 0; i < 500; i++) {
        readOrRefuse(mutant(json, random));
      }
    }
    for (PollResponse answer : ControlExamples.nextAnswers()) {
      byte[] json = ResponsesJson.write(answer);
      for (int i = 0; i < 500; i++) {
        readOrRefuse(mutant(json, random));
      }
    }
  }

  private static void readOrRefuse(byte[] json) {
    List<JsonReading> readings =
        List.of(
            () -> RequestsJson.readRegister(json, SECRET),
            () -> ResponsesJson.readNext(json),
            () -> FailureJson.readAnswer(json));
    for (JsonReading reading : readings) {
      try {
        assertThat(reading.read()).isNotNull();
      } catch (WireException e) {
        assertThat(e.getMessage()).doesNotContain("\n").isNotEmpty();
      }
    }
  }

  private interface JsonReading {
    Object read() throws WireException;
  }

  private static byte[] mutant(byte[] json, Random random) {
    byte[] changed = json.clone();
    for (int i = random.nextInt(4); i >= 0; i--) {
      changed[random.nextInt(changed.length)] =
          (byte) MUTATIONS.charAt(random.nextInt(MUTATIONS.length()));
    }
    return random.nextInt(4) == 0
        ? Arrays.copyOf(changed, random.nextInt(changed.length))
        : changed;
  }

  private static PollResponse update(List<Assignment> assignments, PieceDigests digests) {
    PollResponse example = ControlExamples.nextAnswers().get(1);
    TaskUpdate update =
        new TaskUpdate(
            ControlExamples.TASK,
            TaskUpdate.State.ACTIVE,
            Optional.empty(),
            OptionalLong.empty(),
            digests,
            List.of(),
            assignments,
            Optional.empty(),
            List.of(),
            Optional.empty());
    return new PollResponse(1, List.of(update), example.terms());
  }

  private static void assertSame(Object actual, Object expected) {
    assertThat(actual).usingRecursiveComparison().isEqualTo(expected);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
