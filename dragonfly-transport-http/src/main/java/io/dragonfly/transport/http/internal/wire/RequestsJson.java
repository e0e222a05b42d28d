package io.dragonfly.transport.http.internal.wire;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.Caller;
import io.dragonfly.control.JoinRequest;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.TaskReport;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.Trust;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;

/**
 * The requests of control calls as JSON. The caller's secret is not in it: it travels in the header
 * {@link Wire#SECRET}. What does not fit throws a {@link WireException}.
 */
public final class RequestsJson {
  private RequestsJson() {}

  /** Returns the JSON of what a peer asks before all else. */
  public static byte[] write(JoinRequest request) {
    return JsonOut.object(out -> out.text("nonce", request.nonce()));
  }

  /** Reads what a peer asks before all else. */
  public static JoinRequest readJoin(byte[] json) throws WireException {
    return Values.checked(() -> new JoinRequest(JsonIn.parse(json).get("nonce").text()));
  }

  /** Returns the JSON of a registration. */
  public static byte[] write(RegisterRequest request) {
    return JsonOut.object(
        out -> {
          ValuesJson.writeCaller(out, request.caller());
          writeContent(out, request.content());
          if (request.range().isPresent()) {
            writeRange(out, request.range().get());
          }
          out.text("ticket", request.ticket());
          out.list("holdings", request.holdings(), ValuesJson::writeHolding);
          if (request.isPushed()) {
            out.flag("pushed", true);
          }
        });
  }

  /** Reads a registration. */
  public static RegisterRequest readRegister(byte[] json, String secret) throws WireException {
    return Values.checked(
        () -> {
          JsonIn in = JsonIn.parse(json);
          return new RegisterRequest(
              caller(in, secret),
              readContent(in),
              in.find("range", RequestsJson::readRange),
              in.find("ticket", ticket -> ticket.text(Wire.MAX_TICKET)),
              in.list("holdings", ValuesJson::readHolding),
              in.flag("pushed"));
        });
  }

  /** Returns the JSON of an offer. */
  public static byte[] write(AnnounceRequest request) {
    return JsonOut.object(
        out -> {
          ValuesJson.writeCaller(out, request.caller());
          out.list("holdings", request.holdings(), ValuesJson::writeHolding);
        });
  }

  /** Reads an offer. */
  public static AnnounceRequest readOffer(byte[] json, String secret) throws WireException {
    return Values.checked(
        () -> {
          JsonIn in = JsonIn.parse(json);
          return new AnnounceRequest(
              caller(in, secret), in.list("holdings", ValuesJson::readHolding));
        });
  }

  /** Returns the JSON of a report. */
  public static byte[] write(PollRequest request) {
    return JsonOut.object(
        out -> {
          ValuesJson.writeCaller(out, request.caller());
          out.number("answered", request.answered());
          out.number("patienceMillis", request.patience().toMillis());
          out.list("reports", request.reports(), RequestsJson::writeReport);
          out.flag("preheats", request.acceptsPreheats());
        });
  }

  /** Reads a report. */
  public static PollRequest readNext(byte[] json, String secret) throws WireException {
    return Values.checked(
        () -> {
          JsonIn in = JsonIn.parse(json);
          return new PollRequest(
              caller(in, secret),
              in.get("answered").number(),
              in.list("reports", RequestsJson::readReport),
              in.get("patienceMillis").millis(Wire.MAX_PATIENCE),
              in.flag("preheats"));
        });
  }

  /** Returns the JSON of a farewell. */
  public static byte[] write(LeaveRequest request) {
    return JsonOut.object(
        out -> {
          ValuesJson.writeCaller(out, request.caller());
          out.text("task", request.task().map(task -> task.hex()));
        });
  }

  /** Reads a farewell. */
  public static LeaveRequest readLeave(byte[] json, String secret) throws WireException {
    return Values.checked(
        () -> {
          JsonIn in = JsonIn.parse(json);
          return new LeaveRequest(caller(in, secret), in.find("task", ValuesJson::readTaskId));
        });
  }

  private static Caller caller(JsonIn in, String secret) throws WireException {
    return ValuesJson.readCaller(in, PeerSecret.parse(secret));
  }

  private static void writeContent(JsonOut out, ContentRequest content) throws IOException {
    out.text("url", content.url().toString());
    out.texts("filter", content.filter());
    out.text("digest", content.digest().map(Digest::toString));
    out.text("identifier", content.identifier());
    out.list(
        "headers",
        content.headers().list(),
        (list, header) ->
            list.array(
                pair -> {
                  pair.element(header.name());
                  pair.element(header.value());
                }));
    out.flag("insecure", content.trust().insecure());
    out.texts("ca", content.trust().caCertificates());
  }

  private static ContentRequest readContent(JsonIn in) throws WireException {
    JsonIn url = in.get("url");
    URI uri;
    try {
      uri = new URI(url.text(Wire.MAX_URL));
    } catch (URISyntaxException e) {
      throw url.wrong("a URL"); // without the cause's message, which repeats it with its secrets
    }
    Headers headers =
        Headers.of(
            in.list(
                "headers", header -> new Headers.Header(header.at(0).text(), header.at(1).text())));
    return new ContentRequest(
        uri,
        in.list("filter", JsonIn::text),
        ValuesJson.readDigest(in),
        in.find("identifier", JsonIn::text),
        headers,
        new Trust(in.flag("insecure"), in.list("ca", JsonIn::text)));
  }

  private static void writeReport(JsonOut out, TaskReport report) throws IOException {
    out.element(
        object -> {
          object.text("task", report.task().hex());
          writePair(object, "wanted", report.wanted().first(), report.wanted().end());
          object.number("digests", report.digestsKnown());
          object.list("withdrawn", report.withdrawn(), (list, piece) -> list.element(piece));
          object.list("results", report.results(), RequestsJson::writeResult);
        });
  }

  private static TaskReport readReport(JsonIn in) throws WireException {
    JsonIn wanted = in.get("wanted");
    return new TaskReport(
        ValuesJson.readTaskId(in.get("task")),
        new PieceSpan(wanted.at(0).integer(), wanted.at(1).integer()),
        in.get("digests").integer(),
        in.list("withdrawn", JsonIn::integer),
        in.list("results", RequestsJson::readResult));
  }

  private static void writeResult(JsonOut out, PieceResult result) throws IOException {
    out.array(
        array -> {
          array.element(result.piece());
          array.element(result.parent().hex());
          array.element(result.outcome().name());
          array.element(result.micros());
        });
  }

  private static PieceResult readResult(JsonIn in) throws WireException {
    return new PieceResult(
        in.at(0).integer(), new PeerId(in.at(1).text()), readOutcome(in.at(2)), in.at(3).number());
  }

  private static Outcome readOutcome(JsonIn in) throws WireException {
    Optional<Outcome> outcome = Values.named(Outcome.class, in.text());
    return outcome.orElseThrow(() -> in.wrong("a known outcome"));
  }

  private static void writePair(JsonOut out, String field, long first, long second)
      throws IOException {
    out.array(
        field,
        pair -> {
          pair.element(first);
          pair.element(second);
        });
  }

  /** An open range has no second number. */
  private static void writeRange(JsonOut out, ByteRange range) throws IOException {
    out.array(
        "range",
        bounds -> {
          bounds.element(range.start());
          if (!range.isOpen()) {
            bounds.element(range.end());
          }
        });
  }

  private static ByteRange readRange(JsonIn in) throws WireException {
    long start = in.at(0).number();
    boolean isOpen = in.list(JsonIn::number).size() == 1;
    return isOpen ? ByteRange.from(start) : new ByteRange(start, in.at(1).number());
  }
}
