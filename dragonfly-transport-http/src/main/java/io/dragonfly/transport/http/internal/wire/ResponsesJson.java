package io.dragonfly.transport.http.internal.wire;

import io.dragonfly.control.Advice;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.JoinResponse;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.Push;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.task.TaskId;
import java.io.IOException;

/**
 * The answers to control calls as JSON. What does not fit throws a {@link WireException}; refusals
 * are {@link FailureJson}'s.
 */
public final class ResponsesJson {
  private ResponsesJson() {}

  /** Returns the JSON of a supernode's proof that it has the join token. */
  public static byte[] write(JoinResponse answer) {
    return JsonOut.object(
        out -> {
          out.text("nonce", answer.nonce());
          out.text("mac", answer.mac());
        });
  }

  /** Reads a supernode's proof. What it shows on the connection is not in it. */
  public static JoinResponse readJoin(byte[] json) throws WireException {
    return Values.checked(
        () -> {
          JsonIn in = JsonIn.parse(json);
          return new JoinResponse(in.get("nonce").text(), in.get("mac").text(), "");
        });
  }

  /** Returns the JSON of the answer to a registration. */
  public static byte[] write(RegisterResponse answer) {
    return JsonOut.object(
        out -> {
          ValuesJson.writeTask(out, answer.task());
          out.text("ticket", answer.ticket());
          ValuesJson.writeDigests(out, answer.digests());
          if (answer.content().isPresent()) {
            out.base64("content", answer.content().get());
          }
          ValuesJson.writeAdvice(out, answer.advice());
          ValuesJson.writeTerms(out, answer.terms());
        });
  }

  /** Reads the answer to a registration. */
  public static RegisterResponse readRegister(byte[] json) throws WireException {
    return Values.checked(
        () -> {
          JsonIn in = JsonIn.parse(json);
          return new RegisterResponse(
              ValuesJson.readTask(in),
              in.get("ticket").text(Wire.MAX_TICKET),
              ValuesJson.readDigests(in),
              in.find("content", JsonIn::base64),
              in.find("advice", ValuesJson::readAdvice).orElse(Advice.NONE),
              ValuesJson.readTerms(in));
        });
  }

  /** Returns the JSON of the answer to an offer. */
  public static byte[] write(AnnounceResponse answer) {
    return JsonOut.object(
        out -> {
          out.texts("unknown", answer.unknown().stream().map(TaskId::hex).toList());
          ValuesJson.writeTerms(out, answer.terms());
        });
  }

  /** Reads the answer to an offer. */
  public static AnnounceResponse readOffer(byte[] json) throws WireException {
    return Values.checked(
        () -> {
          JsonIn in = JsonIn.parse(json);
          return new AnnounceResponse(
              in.list("unknown", ValuesJson::readTaskId), ValuesJson.readTerms(in));
        });
  }

  /** Returns the JSON of the answer to a report. */
  public static byte[] write(PollResponse answer) {
    return JsonOut.object(
        out -> {
          out.number("number", answer.number());
          out.list("updates", answer.updates(), ResponsesJson::writeUpdate);
          out.list("preheats", answer.preheats(), ResponsesJson::writePush);
          out.list("revoked", answer.revoked(), ValuesJson::writeRevoked);
          ValuesJson.writeTerms(out, answer.terms());
        });
  }

  /** Reads the answer to a report. */
  public static PollResponse readNext(byte[] json) throws WireException {
    return Values.checked(
        () -> {
          JsonIn in = JsonIn.parse(json);
          return new PollResponse(
              in.get("number").number(),
              in.list("updates", ResponsesJson::readUpdate),
              in.list("preheats", ResponsesJson::readPush),
              in.list("revoked", ValuesJson::readRevoked),
              ValuesJson.readTerms(in));
        });
  }

  /** Returns the JSON of the answer to a farewell. */
  public static byte[] write(LeaveResponse answer) {
    return JsonOut.object(out -> {});
  }

  /** Reads the answer to a farewell. */
  public static LeaveResponse readLeave(byte[] json) throws WireException {
    JsonIn.parse(json);
    return new LeaveResponse();
  }

  private static void writePush(JsonOut out, Push push) throws IOException {
    out.element(
        object -> {
          object.text("url", push.url());
          object.text("task", push.task().hex());
          object.text("ticket", push.ticket());
        });
  }

  private static Push readPush(JsonIn in) throws WireException {
    return new Push(
        in.get("url").text(Wire.MAX_URL),
        ValuesJson.readTaskId(in.get("task")),
        in.get("ticket").text(Wire.MAX_TICKET));
  }

  private static void writeUpdate(JsonOut out, TaskUpdate update) throws IOException {
    out.element(
        object -> {
          object.text("task", update.task().hex());
          if (update.state() != TaskUpdate.State.ACTIVE) {
            object.text("state", update.state().name());
          }
          if (update.failure().isPresent()) {
            object.object("error", error -> FailureJson.write(error, update.failure().get()));
          }
          object.number("length", update.length());
          ValuesJson.writeDigests(object, update.digests());
          object.list("parents", update.parents(), ValuesJson::writeParent);
          object.list("assignments", update.assignments(), ValuesJson::writeAssignment);
          if (update.advice().isPresent()) {
            ValuesJson.writeAdvice(object, update.advice().get());
          }
          if (!update.toVerify().isEmpty()) {
            object.list("verify", update.toVerify(), JsonOut::element);
          }
          if (update.queued().isPresent()) {
            ValuesJson.writeQueued(object, update.queued().get());
          }
        });
  }

  private static TaskUpdate readUpdate(JsonIn in) throws WireException {
    return new TaskUpdate(
        ValuesJson.readTaskId(in.get("task")),
        readState(in),
        in.find("error", FailureJson::read),
        ValuesJson.readLength(in, "length"),
        ValuesJson.readDigests(in),
        in.list("parents", ValuesJson::readParent),
        in.list("assignments", ValuesJson::readAssignment),
        in.find("advice", ValuesJson::readAdvice),
        in.list("verify", JsonIn::integer),
        ValuesJson.readQueued(in));
  }

  private static TaskUpdate.State readState(JsonIn in) throws WireException {
    if (in.find("state").isEmpty()) {
      return TaskUpdate.State.ACTIVE;
    }
    JsonIn state = in.get("state");
    return Values.named(TaskUpdate.State.class, state.text())
        .orElseThrow(() -> state.wrong("a known state"));
  }
}
