package io.dragonfly.transport.http.internal.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Writes one JSON object. What is absent or an empty list is left out. */
final class JsonOut {
  private static final JsonFactory FACTORY = new JsonFactory();

  private final JsonGenerator json;

  private JsonOut(JsonGenerator json) {
    this.json = json;
  }

  /** Writes a part of a message. */
  interface Part {
    void write(JsonOut out) throws IOException;
  }

  /** Writes one element of an array. */
  interface Element<T> {
    void write(JsonOut out, T element) throws IOException;
  }

  /** Returns the object with these fields. */
  static byte[] object(Part fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
      json.writeStartObject();
      fields.write(new JsonOut(json));
      json.writeEndObject();
    } catch (IOException e) {
      // Memory can be written; but half a surrogate pair is no character.
      throw new IllegalArgumentException("the message cannot be written as JSON", e);
    }
    return bytes.toByteArray();
  }

  void object(String field, Part fields) throws IOException {
    json.writeFieldName(field);
    element(fields);
  }

  void text(String field, String value) throws IOException {
    json.writeStringField(field, value);
  }

  void text(String field, Optional<String> value) throws IOException {
    if (value.isPresent()) {
      text(field, value.get());
    }
  }

  void number(String field, long value) throws IOException {
    json.writeNumberField(field, value);
  }

  void number(String field, OptionalLong value) throws IOException {
    if (value.isPresent()) {
      number(field, value.getAsLong());
    }
  }

  /** Writes a flag that is set. */
  void flag(String field, boolean value) throws IOException {
    if (value) {
      json.writeBooleanField(field, true);
    }
  }

  void base64(String field, byte[] value) throws IOException {
    json.writeFieldName(field);
    base64Element(value);
  }

  <T> void list(String field, List<T> values, Element<T> element) throws IOException {
    if (!values.isEmpty()) {
      json.writeArrayFieldStart(field);
      for (T value : values) {
        element.write(this, value);
      }
      json.writeEndArray();
    }
  }

  void texts(String field, List<String> values) throws IOException {
    list(field, values, JsonOut::element);
  }

  void array(String field, Part elements) throws IOException {
    json.writeFieldName(field);
    array(elements);
  }

  /** Writes an array as an element of an array. */
  void array(Part elements) throws IOException {
    json.writeStartArray();
    elements.write(this);
    json.writeEndArray();
  }

  /** Writes an object as an element of an array. */
  void element(Part fields) throws IOException {
    json.writeStartObject();
    fields.write(this);
    json.writeEndObject();
  }

  void element(String value) throws IOException {
    json.writeString(value);
  }

  void element(long value) throws IOException {
    json.writeNumber(value);
  }

  void base64Element(byte[] value) throws IOException {
    // None of its letters needs an escape: it is copied as it is. The digests of 512 pieces are 22
    // KiB.
    byte[] letters = Base64.getEncoder().encode(value);
    json.writeRawUTF8String(letters, 0, letters.length);
  }
}
