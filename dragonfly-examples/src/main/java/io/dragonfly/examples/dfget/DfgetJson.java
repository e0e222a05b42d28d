package io.dragonfly.examples.dfget;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dragonfly.examples.command.Addresses;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.fetch.ParentShare;
import java.util.Optional;

/** What programs are told of a fetch that ended well. */
final class DfgetJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private DfgetJson() {}

  /** Returns one object in one line. */
  static String of(FetchRequest request, Optional<String> callSystem, FetchResult result) {
    ObjectNode object = JSON.createObjectNode();
    object.put("url", request.content().displayUrl());
    object.put("output", result.output().map(Object::toString).orElse(DfgetRequestOptions.STDOUT));
    callSystem.ifPresent(name -> object.put("callsystem", name));
    object.put("task", result.task().hex());
    object.put("length", result.length());
    result.digest().ifPresent(digest -> object.put("digest", digest.toString()));
    object.put("seconds", result.time().toNanos() / 1e9);
    object.put("queuedSeconds", result.queuedTime().toNanos() / 1e9);
    object.put("bytesFromPeers", result.bytesFromPeers());
    object.put("bytesFromSupernode", result.bytesFromSupernode());
    object.put("bytesFromSource", result.bytesFromSource());
    object.put("bytesFromStore", result.bytesFromStore());
    ArrayNode parents = object.putArray("parents");
    for (ParentShare share : result.parents()) {
      ObjectNode parent = parents.addObject();
      parent.put("address", Addresses.text(share.parent().address()));
      parent.put("zone", share.parent().zone());
      parent.put("bytes", share.bytes());
      parent.put("seconds", share.time().toNanos() / 1e9);
    }
    try {
      return JSON.writeValueAsString(object);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a plain object did not become JSON", e);
    }
  }
}
