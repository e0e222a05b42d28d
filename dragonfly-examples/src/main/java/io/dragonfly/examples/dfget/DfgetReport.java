package io.dragonfly.examples.dfget;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.terminal.Words;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.fetch.ParentShare;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.OptionalInt;
import picocli.CommandLine;

/** What {@code dfget} tells: progress and the end on stderr for people, or JSON for programs. */
final class DfgetReport {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final PrintWriter out;
  private final PrintWriter err;
  private final boolean json;
  private final FetchRequest request;
  private final Call call;
  private final ProgressView view;

  DfgetReport(CommandLine line, Call call, boolean json, FetchRequest request) {
    this.out = line.getOut();
    this.err = line.getErr();
    this.json = json;
    this.request = request;
    this.call = call;
    this.view = new ProgressView(call, System::nanoTime);
  }

  void progress(FetchProgress progress) {
    if (!json) {
      view.show(progress);
    }
  }

  void succeeded(FetchResult result, FetchProgress progress) {
    if (json) {
      write(describe(result));
      return;
    }
    view.finish(progress);
    String text =
        "dfget: %s in %.2f s, %s: %s from peers, %s from the supernode, %s from the source%s"
            .formatted(
                Units.size(result.length()),
                result.time().toNanos() / 1e9,
                Units.rate(result.length(), result.time()),
                Units.size(result.bytesFromPeers()),
                Units.size(result.bytesFromSupernode()),
                Units.size(result.bytesFromSource()),
                result.bytesFromStore() == 0
                    ? ""
                    : ", " + Units.size(result.bytesFromStore()) + " were here");
    OptionalInt columns = call.columns();
    err.println(columns.isPresent() ? Words.wrap(text, columns.getAsInt()) : text);
    err.flush();
  }

  /** Writes the failure for programs; people get it as the command's one line on stderr. */
  void failed(DistributionException failure) {
    if (!json) {
      view.erase();
      return;
    }
    ObjectNode object = JSON.createObjectNode();
    object.put("url", request.content().displayUrl());
    ObjectNode error = object.putObject("error");
    error.put("kind", failure.kind().name().toLowerCase(Locale.ROOT));
    error.put("message", Commands.oneLine(failure.getMessage()));
    if (failure instanceof AccessRefusedException refused) {
      error.put("status", refused.status());
    } else if (failure instanceof SourceFailedException failed && failed.status().isPresent()) {
      error.put("status", failed.status().getAsInt());
    }
    write(object);
  }

  private ObjectNode describe(FetchResult result) {
    ObjectNode object = JSON.createObjectNode();
    object.put("url", request.content().displayUrl());
    result.output().ifPresent(path -> object.put("output", path.toString()));
    object.put("task", result.task().hex());
    object.put("length", result.length());
    result.digest().ifPresent(digest -> object.put("digest", digest.toString()));
    object.put("seconds", result.time().toNanos() / 1e9);
    object.put("bytesFromPeers", result.bytesFromPeers());
    object.put("bytesFromSupernode", result.bytesFromSupernode());
    object.put("bytesFromSource", result.bytesFromSource());
    object.put("bytesFromStore", result.bytesFromStore());
    ArrayNode parents = object.putArray("parents");
    for (ParentShare share : result.parents()) {
      ObjectNode parent = parents.addObject();
      parent.put(
          "address",
          share.parent().address().getAddress().getHostAddress()
              + ":"
              + share.parent().address().getPort());
      parent.put("idc", share.parent().idc());
      parent.put("bytes", share.bytes());
      parent.put("seconds", share.time().toNanos() / 1e9);
    }
    return object;
  }

  private void write(ObjectNode object) {
    try {
      out.println(JSON.writeValueAsString(object));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a plain object did not become JSON", e);
    }
    out.flush();
  }
}
