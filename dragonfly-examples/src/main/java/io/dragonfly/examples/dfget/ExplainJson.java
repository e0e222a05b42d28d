package io.dragonfly.examples.dfget;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dragonfly.home.FetchRecord;
import io.dragonfly.home.FetchStep;
import io.dragonfly.home.ParentRecord;
import io.dragonfly.home.Provider;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** How fetches went, for programs. */
final class ExplainJson {
  private ExplainJson() {}

  static String of(List<FetchRecord> records) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    ArrayNode fetches = object.putArray("fetches");
    records.forEach(record -> fetches.add(of(record)));
    return object.toString();
  }

  private static ObjectNode of(FetchRecord record) {
    ObjectNode one = JsonNodeFactory.instance.objectNode();
    one.put("task", record.task().hex());
    one.put("url", record.url());
    record
        .output()
        .ifPresent(
            output ->
                one.put("output", output.path().toString())
                    .put("outputState", state(record, output)));
    one.put("start", record.start().toString());
    one.put("seconds", seconds(record.time()));
    one.put("queuedSeconds", seconds(record.bytes().queuedTime()));
    record.bytes().length().ifPresent(length -> one.put("length", length));
    one.put("bytesFromPeers", record.bytes().bytesFromPeers());
    one.put("bytesFromSupernode", record.bytes().bytesFromSupernode());
    one.put("bytesFromSource", record.bytes().bytesFromSource());
    one.put("bytesFromStore", record.bytes().bytesFromStore());
    record
        .failure()
        .ifPresent(
            failure ->
                one.putObject("error")
                    .put("kind", word(failure.kind()))
                    .put("message", failure.message()));
    ArrayNode parents = one.putArray("parents");
    record.parents().forEach(parent -> parents.add(of(parent)));
    ArrayNode steps = one.putArray("steps");
    record.steps().forEach(step -> steps.add(of(step)));
    one.put("stepsLeftOut", record.stepsLeftOut());
    return one;
  }

  private static String state(FetchRecord record, FetchRecord.Output output) {
    return record.failure().isPresent() ? "not written" : OutputState.of(output).word();
  }

  private static ObjectNode of(ParentRecord parent) {
    ObjectNode one = of(parent.parent());
    one.put("bytes", parent.bytes());
    one.put("pieces", parent.pieces());
    one.put("seconds", seconds(parent.busy()));
    ArrayNode failures = one.putArray("notGiven");
    for (ParentRecord.Failures failure : parent.failures()) {
      failures
          .addObject()
          .put("outcome", word(failure.outcome()))
          .put("count", failure.count())
          .put("reason", failure.reason());
    }
    return one;
  }

  private static ObjectNode of(Provider provider) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("kind", word(provider.kind()))
        .put("address", provider.address())
        .put("zone", provider.zone());
  }

  private static ObjectNode of(FetchStep step) {
    ObjectNode one = JsonNodeFactory.instance.objectNode();
    one.put("kind", word(step.kind()));
    one.put("first", seconds(step.first()));
    one.put("last", seconds(step.last()));
    one.put("times", step.times());
    step.from().ifPresent(from -> one.set("from", of(from)));
    step.to().ifPresent(to -> one.set("to", of(to)));
    one.put("reason", step.reason());
    return one;
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }
}
