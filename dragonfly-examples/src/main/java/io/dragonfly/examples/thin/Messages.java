package io.dragonfly.examples.thin;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What the thin command itself has to say: one line on stderr, and JSON for who asked for it. */
final class Messages {
  private Messages() {}

  /** Says something on stderr. */
  static void say(String line) {
    write(FileDescriptor.err, "dfget: " + line + "\n");
  }

  /** Tells of a failure. */
  static void fail(Arguments arguments, String kind, String line) {
    say(line);
    if (arguments.isJsonAsked()) {
      FileDescriptor to = arguments.isStdoutTaken() ? FileDescriptor.err : FileDescriptor.out;
      write(to, json(arguments.shownUrl(), kind, line) + "\n");
    }
  }

  /** Returns a failure for programs. */
  static String json(@Nullable String url, String kind, String message) {
    StringBuilder text = new StringBuilder("{");
    if (url != null) {
      text.append("\"url\":\"");
      append(text, url);
      text.append("\",");
    }
    text.append("\"error\":{\"kind\":\"").append(kind).append("\",\"message\":\"");
    append(text, message);
    return text.append("\"}}").toString();
  }

  private static void append(StringBuilder text, String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\').append(c);
      } else {
        text.append(c < ' ' ? ' ' : c);
      }
    }
  }

  private static void write(FileDescriptor to, String text) {
    try {
      new FileOutputStream(to).write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // nobody listens; the exit code says it too
    }
  }
}
