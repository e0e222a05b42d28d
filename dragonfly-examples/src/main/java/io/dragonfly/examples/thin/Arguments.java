package io.dragonfly.examples.thin;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The little that the thin command must understand of a command line: which of its words belong to
 * the server. All others are the server's to parse.
 */
public final class Arguments {
  /** Options of the server, each with a value. */
  private static final String[] OF_THE_SERVER = {
    "--node",
    "--ip",
    "--port",
    "--idc",
    "--expiretime",
    "--alivetime",
    "--totallimit",
    "--home",
    "--config"
  };

  private static final String NODE = "--node";
  private static final String SHORT_NODE = "-n";

  private final List<String> words;

  /** The words behind the command's name. */
  public Arguments(List<String> words) {
    this.words = words;
  }

  /** Returns an option's last value; null if it is not given. */
  public @Nullable String value(String name) {
    String value = null;
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (word.equals(name) && i + 1 < words.size()) {
        i++;
        value = words.get(i);
      } else if (word.startsWith(name) && word.startsWith("=", name.length())) {
        value = word.substring(name.length() + 1);
      }
    }
    return value;
  }

  /**
   * Tells whether the call only shows or tidies the home: it needs no server, but uses one that
   * runs, since that holds the home.
   */
  boolean isAboutHome() {
    return !words.isEmpty() && (words.get(0).equals("cache") || words.get(0).equals("explain"));
  }

  /** Tells whether the call is for a server that runs, and starts none. */
  boolean isAboutServer() {
    return !words.isEmpty() && words.get(0).equals("limit");
  }

  List<String> words() {
    return words;
  }

  boolean has(String word) {
    return words.contains(word);
  }

  /** Returns the options that belong to the server, home and configuration file aside. */
  List<String> ofTheServer() {
    List<String> found = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      String name = serverOption(word);
      if (name == null) {
        continue;
      }
      String value = null;
      if (word.equals(name) || word.equals(SHORT_NODE)) {
        value = i + 1 < words.size() ? words.get(i + 1) : null;
        i++;
      } else {
        value = word.substring(word.startsWith("--") ? name.length() : SHORT_NODE.length());
        value = value.startsWith("=") ? value.substring(1) : value;
      }
      if (value != null && !name.equals("--home") && !name.equals("--config")) {
        found.add(name);
        found.add(value);
      }
    }
    return found;
  }

  /** Returns all words but an option and its value. */
  Arguments without(String name) {
    List<String> rest = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (word.equals(name)) {
        i++;
      } else if (!(word.startsWith(name) && word.startsWith("=", name.length()))) {
        rest.add(word);
      }
    }
    return new Arguments(rest);
  }

  private static @Nullable String serverOption(String word) {
    if (word.startsWith(SHORT_NODE)) {
      return NODE;
    }
    for (String name : OF_THE_SERVER) {
      if (word.equals(name) || (word.startsWith(name) && word.startsWith("=", name.length()))) {
        return name;
      }
    }
    return null;
  }
}
