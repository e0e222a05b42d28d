package io.dragonfly.examples.dfget;

import io.dragonfly.examples.command.Call;
import io.dragonfly.task.Headers;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the values of {@code --header}: lines, and files of lines. In a file empty lines and those
 * that begin with {@code #} are left out, as curl does. No message shows a value: it may be a
 * secret.
 */
final class HeaderLines {
  private static final String OPTION = "--header";

  private HeaderLines() {}

  static List<Headers.Header> read(Call call, List<String> values) {
    List<Headers.Header> headers = new ArrayList<>();
    for (String value : values) {
      if (value.startsWith("@")) {
        String file = value.substring(1);
        readFile(call, file.equals("-") ? "/dev/stdin" : file, headers);
      } else {
        headers.add(parse(value, OPTION));
      }
    }
    return headers;
  }

  private static void readFile(Call call, String file, List<Headers.Header> headers) {
    if (file.isEmpty()) {
      throw new IllegalArgumentException("--header: '@' needs the name of a file behind it");
    }
    List<String> lines = CallerFile.read(call, OPTION, file).lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        headers.add(parse(line, "%s line %d".formatted(file, i + 1)));
      }
    }
  }

  private static Headers.Header parse(String line, String where) {
    if (line.indexOf(':') < 0) {
      throw new IllegalArgumentException("%s: a header is not 'Name: value'".formatted(where));
    }
    try {
      return Headers.parse(line);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("%s: %s".formatted(where, e.getMessage()), e);
    }
  }
}
