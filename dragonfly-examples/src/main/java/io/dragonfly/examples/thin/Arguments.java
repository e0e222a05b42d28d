package io.dragonfly.examples.thin;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The little that the thin command must understand of a command line: where the data directory is,
 * and where failures are told. All else is parsed by the process that does the work. A parser that
 * knows all options would triple the time that a command takes.
 */
public final class Arguments {
  /** The commands that need no background peer; without one they start none. */
  private static final String[] ABOUT_HOME = {
    "cache", "explain", "limit", "preheat", "renew-secret"
  };

  private final List<String> words;

  /** The words behind the command's name. */
  public Arguments(List<String> words) {
    this.words = words;
  }

  /** Returns an option's last value; null if it is not given. */
  public @Nullable String value(String name) {
    return value(name, name);
  }

  /** The same for an option with a short name, whose value may follow it in the same word. */
  private @Nullable String value(String name, String shortName) {
    String value = null;
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if ((word.equals(name) || word.equals(shortName)) && i + 1 < words.size()) {
        i++;
        value = words.get(i);
      } else if (word.startsWith(name) && word.startsWith("=", name.length())) {
        value = word.substring(name.length() + 1);
      } else if (shortName.length() == 2
          && word.startsWith(shortName)
          && word.length() > shortName.length()) {
        value = word.substring(word.charAt(2) == '=' ? 3 : 2);
      }
    }
    return value;
  }

  /**
   * Tells whether the call needs no background peer. The parser of all options takes no word of
   * such a name for the value of one.
   */
  boolean isAboutHome() {
    for (String name : ABOUT_HOME) {
      if (words.contains(name)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Tells whether a failure is to be told to programs, too; as the parser of all options sees it.
   */
  boolean isJsonAsked() {
    boolean asked = has("--json") || has("--json=true") || "true".equals(variable("JSON"));
    return asked && !has("--json=false");
  }

  /** Tells whether stdout is for the bytes of the file, and nothing else. */
  boolean isStdoutTaken() {
    return "-".equals(given("--output", "-o", "OUTPUT"));
  }

  /** Returns the URL as it may be shown: without user and query; null if none is given. */
  @Nullable String shownUrl() {
    String url = given("--url", "-u", "URL");
    if (url == null) {
      return null;
    }
    int end = url.length();
    for (char sign : new char[] {'?', '#'}) {
      int at = url.indexOf(sign);
      end = at < 0 ? end : Math.min(end, at);
    }
    String shown = url.substring(0, end);
    int host = shown.indexOf("//") + 2;
    int path = shown.indexOf('/', host);
    int at = shown.lastIndexOf('@', path < 0 ? shown.length() : path);
    boolean hasUser = host >= 2 && at >= host;
    return hasUser ? shown.substring(0, host) + shown.substring(at + 1) : shown;
  }

  private @Nullable String given(String name, String shortName, String variable) {
    String value = value(name, shortName);
    return value == null ? variable(variable) : value;
  }

  private static @Nullable String variable(String name) {
    String value = System.getenv("DRAGONFLY_" + name);
    return value == null || value.isEmpty() ? null : value;
  }

  private boolean has(String word) {
    return words.contains(word);
  }
}
