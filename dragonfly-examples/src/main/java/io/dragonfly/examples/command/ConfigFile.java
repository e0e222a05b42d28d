package io.dragonfly.examples.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a configuration file: YAML with one level, {@code name: value} or {@code name: [a, b]}. A
 * value stays the text that was written, so that an option reads it as it would read a flag.
 */
final class ConfigFile {
  private static final int MOST_BYTES = 1 << 20;

  /** What the parser's message says last: the problem, and where it is. */
  private static final Pattern PROBLEM =
      Pattern.compile("(?m)^(\\S.*)\\n in '[^']*', line (\\d+), column \\d+");

  private final String name;
  private final Map<String, String> replaced;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private ConfigFile(String name, Map<String, String> replaced) {
    this.name = name;
    this.replaced = replaced;
  }

  /**
   * One setting.
   *
   * @param values as they are written
   * @param line where it begins, from 1
   */
  record Entry(List<String> values, int line) {}

  /**
   * Reads a file as the caller may.
   *
   * @param needed whether it is an error that there is none
   * @param replaced settings of Dragonfly 1, which had levels, and what to write instead
   * @throws SettingsException if it cannot be used; the message has the file and the line
   */
  static Map<String, Entry> read(
      Call call, String file, boolean needed, Map<String, String> replaced) {
    byte[] bytes;
    if (Files.isDirectory(call.directory().resolve(file))) {
      throw new SettingsException("%s is a directory, not a file".formatted(file));
    }
    try (InputStream in = call.open(file)) {
      bytes = in.readNBytes(MOST_BYTES + 1);
    } catch (NoSuchFileException e) {
      if (needed) {
        throw new SettingsException("there is no file %s".formatted(file), e);
      }
      return Map.of();
    } catch (AccessDeniedException e) {
      throw new SettingsException("%s cannot be read: permission denied".formatted(file), e);
    } catch (IOException e) {
      throw new SettingsException("%s cannot be read: %s".formatted(file, e.getMessage()), e);
    }
    if (bytes.length > MOST_BYTES) {
      throw new SettingsException("%s has more than 1 MiB".formatted(file));
    }
    return parse(file, text(file, bytes), replaced);
  }

  private static String text(String file, byte[] bytes) {
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new SettingsException("%s is not UTF-8".formatted(file), e);
    }
  }

  /** Reads a text; the name is for messages. Nothing at all, or comments alone, set nothing. */
  private static Map<String, Entry> parse(String name, String text, Map<String, String> replaced) {
    ConfigFile file = new ConfigFile(name, replaced);
    try (YAMLParser parser = new YAMLFactory().createParser(text)) {
      file.readAll(parser);
    } catch (JsonProcessingException e) {
      throw file.notYaml(e);
    } catch (IOException e) {
      throw new SettingsException("%s cannot be read: %s".formatted(name, e.getMessage()), e);
    }
    return file.entries;
  }

  private void readAll(YAMLParser parser) throws IOException {
    JsonToken token = parser.nextToken();
    if (token == null) {
      return;
    }
    if (token != JsonToken.START_OBJECT) {
      throw at(line(parser), "'name: value' is expected");
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      int line = line(parser);
      List<String> values = values(parser, key);
      Entry first = entries.putIfAbsent(key, new Entry(values, line));
      if (first != null) {
        throw at(line, "'%s' is set a second time, after line %d".formatted(key, first.line()));
      }
    }
    if (parser.nextToken() != null) {
      throw at(line(parser), "a second document begins; one is read");
    }
  }

  private List<String> values(YAMLParser parser, String key) throws IOException {
    if (parser.nextToken() != JsonToken.START_ARRAY) {
      return List.of(value(parser, key));
    }
    int line = line(parser);
    List<String> values = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      values.add(value(parser, key));
    }
    if (values.isEmpty()) {
      throw at(line, "the list '%s' is empty".formatted(key));
    }
    return values;
  }

  private String value(YAMLParser parser, String key) throws IOException {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.VALUE_NULL) {
      throw at(line(parser), "'%s' has no value".formatted(key));
    }
    if (!token.isScalarValue() && replaced.containsKey(key)) {
      throw at(line(parser), "'%s' is of Dragonfly 1: %s".formatted(key, replaced.get(key)));
    }
    if (!token.isScalarValue()) {
      throw at(line(parser), "'%s' must be one value, or a list of values".formatted(key));
    }
    if (parser.isCurrentAlias()) {
      throw at(line(parser), "'%s' refers to another value: write it out".formatted(key));
    }
    return parser.getText();
  }

  private static int line(YAMLParser parser) {
    return parser.currentTokenLocation().getLineNr();
  }

  private SettingsException at(int line, String problem) {
    return new SettingsException("%s line %d: %s".formatted(name, line, problem));
  }

  private SettingsException notYaml(JsonProcessingException failure) {
    String message = String.valueOf(failure.getOriginalMessage());
    String problem = message.lines().findFirst().orElse("this is no YAML");
    int line = failure.getLocation() == null ? 1 : failure.getLocation().getLineNr();
    Matcher matcher = PROBLEM.matcher(message);
    while (matcher.find()) {
      problem = matcher.group(1);
      line = Integer.parseInt(matcher.group(2));
    }
    return at(line, problem);
  }
}
