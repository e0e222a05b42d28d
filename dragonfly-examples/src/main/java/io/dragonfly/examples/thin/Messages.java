package io.dragonfly.examples.thin;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

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
    if (arguments.has("--json")) {
      json(kind, line);
    }
  }

  /** Writes a failure for programs. */
  static void json(String kind, String message) {
    StringBuilder text = new StringBuilder("{\"error\":{\"kind\":\"");
    text.append(kind).append("\",\"message\":\"");
    for (int i = 0; i < message.length(); i++) {
      char c = message.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\').append(c);
      } else {
        text.append(c < ' ' ? ' ' : c);
      }
    }
    write(FileDescriptor.out, text.append("\"}}\n").toString());
  }

  private static void write(FileDescriptor to, String text) {
    try {
      new FileOutputStream(to).write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // nobody listens; the exit code says it too
    }
  }
}
