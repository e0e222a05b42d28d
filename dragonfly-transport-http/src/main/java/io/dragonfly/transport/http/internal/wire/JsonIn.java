package io.dragonfly.transport.http.internal.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A value in received JSON and where it stands. Each getter says what it wants and throws a {@link
 * WireException} that names the place if it finds something else. Fields that nobody asks for are
 * ignored.
 */
final class JsonIn {
  private static final int MAX_DEPTH = 16;
  private static final int MAX_NUMBER_DIGITS = 32;
  private static final int MAX_NAME_LENGTH = 256;

  private static final ObjectReader READER = reader();

  private final JsonNode node;
  private final String place;

  private JsonIn(JsonNode node, String place) {
    this.node = node;
    this.place = place;
  }

  private static ObjectReader reader() {
    StreamReadConstraints constraints =
        StreamReadConstraints.builder()
            .maxNestingDepth(MAX_DEPTH)
            .maxNumberLength(MAX_NUMBER_DIGITS)
            .maxNameLength(MAX_NAME_LENGTH)
            .maxStringLength(Wire.MAX_ANSWER_BYTES)
            .maxDocumentLength(Wire.MAX_ANSWER_BYTES)
            .build();
    JsonFactory factory =
        JsonFactory.builder()
            .streamReadConstraints(constraints)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    return JsonMapper.builder(factory)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .build()
        .readerFor(JsonNode.class);
  }

  /** Reads an object. */
  static JsonIn parse(byte[] json) throws WireException {
    JsonNode node;
    try {
      node = READER.readTree(json);
    } catch (JsonProcessingException e) {
      // Without the source excerpt that Jackson adds to its message: it may hold secrets.
      throw new WireException("the body is not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new WireException("the body is not valid JSON", e);
    }
    if (!node.isObject()) {
      throw new WireException("the body is not a JSON object");
    }
    return new JsonIn(node, "");
  }

  /** Returns a field that may be missing or null. */
  Optional<JsonIn> find(String field) {
    JsonNode value = node.get(field);
    return value == null || value.isNull()
        ? Optional.empty()
        : Optional.of(new JsonIn(value, place.isEmpty() ? field : place + "." + field));
  }

  /** Returns a field that must be there. */
  JsonIn get(String field) throws WireException {
    Optional<JsonIn> value = find(field);
    if (value.isEmpty()) {
      throw new WireException(
          place.isEmpty() ? field + " is missing" : place + "." + field + " is missing");
    }
    return value.get();
  }

  /** Returns the element at an index of this array. */
  JsonIn at(int index) throws WireException {
    JsonNode value = node.isArray() ? node.get(index) : null;
    if (value == null) {
      throw new WireException("%s is not an array of %d elements".formatted(place, index + 1));
    }
    return new JsonIn(value, place + "[" + index + "]");
  }

  String text() throws WireException {
    if (!node.isTextual()) {
      throw wrong("a string");
    }
    return node.textValue();
  }

  /** Returns a string of at most so many characters. */
  String text(int max) throws WireException {
    String text = text();
    if (text.length() > max) {
      throw wrong("a string of at most %d characters".formatted(max));
    }
    return text;
  }

  boolean flag() throws WireException {
    if (!node.isBoolean()) {
      throw wrong("true or false");
    }
    return node.booleanValue();
  }

  /** Returns a whole number that is not negative. */
  long number() throws WireException {
    if (!node.isIntegralNumber() || !node.canConvertToLong() || node.longValue() < 0) {
      throw wrong("a whole number from 0 on");
    }
    return node.longValue();
  }

  int integer() throws WireException {
    long value = number();
    if (value > Integer.MAX_VALUE) {
      throw wrong("a whole number below 2^31");
    }
    return (int) value;
  }

  /** Returns a time in milliseconds, at most so long. */
  Duration millis(Duration max) throws WireException {
    long value = number();
    if (value > max.toMillis()) {
      throw wrong("a number of milliseconds up to %d".formatted(max.toMillis()));
    }
    return Duration.ofMillis(value);
  }

  byte[] base64() throws WireException {
    try {
      return Base64.getDecoder().decode(text());
    } catch (IllegalArgumentException e) {
      throw wrong("base64");
    }
  }

  /** Reads one element of an array. */
  interface Element<T> {
    T read(JsonIn element) throws WireException;
  }

  /** Returns the elements of this array. */
  <T> List<T> list(Element<T> element) throws WireException {
    if (!node.isArray()) {
      throw wrong("an array");
    }
    List<T> list = new ArrayList<>(node.size());
    for (int i = 0; i < node.size(); i++) {
      list.add(element.read(at(i)));
    }
    return list;
  }

  /** Returns the elements of an array that may be missing. */
  <T> List<T> list(String field, Element<T> element) throws WireException {
    Optional<JsonIn> value = find(field);
    return value.isPresent() ? value.get().list(element) : List.of();
  }

  /** Reads a field that may be missing. */
  <T> Optional<T> find(String field, Element<T> element) throws WireException {
    Optional<JsonIn> value = find(field);
    return value.isPresent() ? Optional.of(element.read(value.get())) : Optional.empty();
  }

  boolean flag(String field) throws WireException {
    Optional<JsonIn> value = find(field);
    return value.isPresent() && value.get().flag();
  }

  WireException wrong(String wanted) {
    return wrong(wanted, null);
  }

  WireException wrong(String wanted, @Nullable Throwable cause) {
    return new WireException("%s is not %s".formatted(place, wanted), cause);
  }
}
