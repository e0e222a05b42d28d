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
import java.util.Optional;
import java.util.function.Function;
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
  private final Function<String, Optional<String>> refusal;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private ConfigFile(String name, Function<String, Optional<String>> refusal) {
    this.name = name;
    this.refusal = refusal;
  }

  /**
   * One setting.
   *
   * @param values one, or those of a list
   * @param isList whether it is written as a list
   * @param line where it begins, from 1
   */
  record Entry(List<Value> values, boolean isList, int line) {}

  /**
   * One value.
   *
   * @param text as it is written
   * @param line where it begins, from 1
   */
  record Value(String text, int line) {}

  /**
   * Reads a file as the caller may.
   *
   * @param needed whether it is an error that there is none
   * @param refusal why there is no setting with a name, or nothing; asked before its value is read,
   *     which may have levels in files for other programs
   * @throws SettingsException if it cannot be used; the message has the file and the line
   */
  static Map<String, Entry> read(
      Call call, String file, boolean needed, Function<String, Optional<String>> refusal) {
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
    return parse(file, text(file, bytes), refusal);
  }

  private static String text(String file, byte[] bytes) {
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new SettingsException("%s is not UTF-8".formatted(file), e);
    }
  }

  /** Reads a text; the name is for messages. Nothing at all, or comments alone, set nothing. */
  private static Map<String, Entry> parse(
      String name, String text, Function<String, Optional<String>> refusal) {
    ConfigFile file = new ConfigFile(name, refusal);
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
      Optional<String> refused = refusal.apply(key);
      if (refused.isPresent()) {
        throw at(line, refused.get());
      }
      Entry first = entries.putIfAbsent(key, entry(parser, key, line));
      if (first != null) {
        throw at(line, "'%s' is set a second time, after line %d".formatted(key, first.line()));
      }
    }
    if (parser.nextToken() != null) {
      throw at(line(parser), "a second document begins; one is read");
    }
  }

  private Entry entry(YAMLParser parser, String key, int line) throws IOException {
    if (parser.nextToken() != JsonToken.START_ARRAY) {
      return new Entry(List.of(value(parser, key, line)), false, line);
    }
    List<Value> values = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      values.add(value(parser, key, line(parser)));
    }
    if (values.isEmpty()) {
      throw at(line, "the list '%s' is empty".formatted(key));
    }
    return new Entry(values, true, line);
  }

  /**
   * Reads a value; a mistake about it is one of the line with its name, or of its place in a list.
   */
  private Value value(YAMLParser parser, String key, int line) throws IOException {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.VALUE_NULL) {
      throw at(line, "'%s' has no value".formatted(key));
    }
    if (!token.isScalarValue()) {
      throw at(line, "'%s' must be one value, or a list of values".formatted(key));
    }
    if (parser.isCurrentAlias()) {
      throw at(line, "'%s' refers to another value: write it out".formatted(key));
    }
    return new Value(parser.getText(), line(parser));
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
