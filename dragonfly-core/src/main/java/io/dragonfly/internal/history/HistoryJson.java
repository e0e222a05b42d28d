package io.dragonfly.internal.history;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dragonfly.control.Outcome;
import io.dragonfly.error.ErrorKind;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.home.FetchRecord;
import io.dragonfly.home.FetchStep;
import io.dragonfly.home.ParentRecord;
import io.dragonfly.home.Provider;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** A task's history as JSON. */
final class HistoryJson {
  private static final int FORMAT = 1;
  private static final ObjectMapper JSON = new ObjectMapper();

  private HistoryJson() {}

  /** Returns the record with what its output looks like now. */
  static FetchRecord stamped(FetchRecord record) {
    return record
        .output()
        .filter(output -> record.failure().isEmpty()) // what is there now is not of this fetch
        .map(
            output ->
                new FetchRecord(
                    record.task(),
                    record.url(),
                    Optional.of(stamp(output.path(), output.length())),
                    record.start(),
                    record.time(),
                    record.bytes(),
                    record.failure(),
                    record.parents(),
                    record.steps(),
                    record.stepsLeftOut()))
        .orElse(record);
  }

  private static FetchRecord.Output stamp(Path path, long length) {
    try {
      BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
      // To the millisecond, as it is written down: it is compared with what was read from there.
      Instant modified = Instant.ofEpochMilli(now.lastModifiedTime().toMillis());
      return new FetchRecord.Output(path, now.size(), Optional.of(modified));
    } catch (IOException e) {
      return new FetchRecord.Output(path, length, Optional.empty());
    }
  }

  static byte[] write(List<FetchRecord> records) throws JsonProcessingException {
    ObjectNode json = JSON.createObjectNode();
    json.put("format", FORMAT);
    ArrayNode fetches = json.putArray("fetches");
    records.forEach(record -> fetches.add(toJson(record)));
    return JSON.writeValueAsBytes(json);
  }

  private static ObjectNode toJson(FetchRecord record) {
    ObjectNode json = JSON.createObjectNode();
    json.put("task", record.task().hex());
    json.put("url", record.url());
    record.output().ifPresent(output -> json.set("output", toJson(output)));
    json.put("start", record.start().toEpochMilli());
    json.put("nanos", record.time().toNanos());
    record.bytes().length().ifPresent(length -> json.put("length", length));
    json.put("fromPeers", record.bytes().bytesFromPeers());
    json.put("fromSupernode", record.bytes().bytesFromSupernode());
    json.put("fromSource", record.bytes().bytesFromSource());
    json.put("fromStore", record.bytes().bytesFromStore());
    json.put("queuedNanos", record.bytes().queuedTime().toNanos());
    record
        .failure()
        .ifPresent(
            failure ->
                json.putObject("failure")
                    .put("kind", failure.kind().name())
                    .put("message", failure.message()));
    ArrayNode parents = json.putArray("parents");
    record.parents().forEach(parent -> parents.add(toJson(parent)));
    ArrayNode steps = json.putArray("steps");
    record.steps().forEach(step -> steps.add(toJson(step)));
    json.put("stepsLeftOut", record.stepsLeftOut());
    return json;
  }

  private static ObjectNode toJson(FetchRecord.Output output) {
    ObjectNode json = JSON.createObjectNode();
    json.put("path", output.path().toString());
    json.put("length", output.length());
    output.modified().ifPresent(modified -> json.put("modified", modified.toEpochMilli()));
    return json;
  }

  private static ObjectNode toJson(Provider provider) {
    return JSON.createObjectNode()
        .put("kind", provider.kind().name())
        .put("address", provider.address())
        .put("zone", provider.zone());
  }

  private static ObjectNode toJson(ParentRecord parent) {
    ObjectNode json = JSON.createObjectNode();
    json.set("parent", toJson(parent.parent()));
    json.put("bytes", parent.bytes());
    json.put("pieces", parent.pieces());
    json.put("busyNanos", parent.busy().toNanos());
    ArrayNode failures = json.putArray("failures");
    parent
        .failures()
        .forEach(
            failure ->
                failures
                    .addObject()
                    .put("outcome", failure.outcome().name())
                    .put("count", failure.count())
                    .put("reason", failure.reason()));
    return json;
  }

  private static ObjectNode toJson(FetchStep step) {
    ObjectNode json = JSON.createObjectNode();
    json.put("kind", step.kind().name());
    json.put("firstNanos", step.first().toNanos());
    json.put("lastNanos", step.last().toNanos());
    json.put("times", step.times());
    step.from().ifPresent(from -> json.set("from", toJson(from)));
    step.to().ifPresent(to -> json.set("to", toJson(to)));
    json.put("reason", step.reason());
    return json;
  }

  /**
   * Reads a history.
   *
   * @throws IOException if it is not what this class has written
   */
  static List<FetchRecord> read(byte[] bytes) throws IOException {
    try {
      JsonNode json = JSON.readTree(bytes);
      if (json.path("format").asInt() != FORMAT) {
        throw new IOException("it has another format");
      }
      List<FetchRecord> records = new ArrayList<>();
      for (JsonNode fetch : json.path("fetches")) {
        records.add(record(fetch));
      }
      return records;
    } catch (JsonProcessingException e) {
      throw new IOException("it is broken: " + e.getOriginalMessage(), e);
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
      throw new IOException("it is broken: " + e.getMessage(), e);
    }
  }

  private static FetchRecord record(JsonNode json) {
    FetchProgress bytes =
        new FetchProgress(
                json.has("length")
                    ? OptionalLong.of(json.get("length").asLong())
                    : OptionalLong.empty(),
                json.path("fromPeers").asLong(),
                json.path("fromSupernode").asLong(),
                json.path("fromSource").asLong(),
                json.path("fromStore").asLong())
            .with(Optional.empty(), nanos(json, "queuedNanos"), Duration.ZERO);
    List<ParentRecord> parents = new ArrayList<>();
    json.path("parents").forEach(parent -> parents.add(parent(parent)));
    List<FetchStep> steps = new ArrayList<>();
    json.path("steps").forEach(step -> steps.add(step(step)));
    return new FetchRecord(
        new TaskId(json.path("task").asText()),
        json.path("url").asText(),
        part(json, "output").map(HistoryJson::output),
        Instant.ofEpochMilli(json.path("start").asLong()),
        nanos(json, "nanos"),
        bytes,
        part(json, "failure").map(HistoryJson::failure),
        parents,
        steps,
        json.path("stepsLeftOut").asInt());
  }

  private static Optional<JsonNode> part(JsonNode json, String name) {
    return Optional.ofNullable(json.get(name));
  }

  private static Duration nanos(JsonNode json, String name) {
    return Duration.ofNanos(json.path(name).asLong());
  }

  private static FetchRecord.Output output(JsonNode json) {
    return new FetchRecord.Output(
        Path.of(json.path("path").asText()),
        json.path("length").asLong(),
        part(json, "modified").map(millis -> Instant.ofEpochMilli(millis.asLong())));
  }

  private static FetchRecord.Failure failure(JsonNode json) {
    return new FetchRecord.Failure(
        ErrorKind.valueOf(json.path("kind").asText()), json.path("message").asText());
  }

  private static Provider provider(JsonNode json) {
    return new Provider(
        Provider.Kind.valueOf(json.path("kind").asText()),
        json.path("address").asText(),
        json.path("zone").asText());
  }

  private static ParentRecord parent(JsonNode json) {
    List<ParentRecord.Failures> failures = new ArrayList<>();
    for (JsonNode failure : json.path("failures")) {
      failures.add(
          new ParentRecord.Failures(
              Outcome.valueOf(failure.path("outcome").asText()),
              failure.path("count").asInt(),
              failure.path("reason").asText()));
    }
    return new ParentRecord(
        provider(json.path("parent")),
        json.path("bytes").asLong(),
        json.path("pieces").asInt(),
        nanos(json, "busyNanos"),
        failures);
  }

  private static FetchStep step(JsonNode json) {
    return new FetchStep(
        FetchStep.Kind.valueOf(json.path("kind").asText()),
        nanos(json, "firstNanos"),
        nanos(json, "lastNanos"),
        json.path("times").asInt(),
        part(json, "from").map(HistoryJson::provider),
        part(json, "to").map(HistoryJson::provider),
        json.path("reason").asText());
  }
}
