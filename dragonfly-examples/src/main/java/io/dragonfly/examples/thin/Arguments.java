package io.dragonfly.examples.thin;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The little that the thin command must understand of a command line: which of its words belong to
 * the server. All others are the server's to parse.
 */
public final class Arguments {
  /** A switch of the server, which may have a value. */
  private static final String ALLOW_PREHEAT = "--allow-preheat";

  /** Options of the server, each with a value. */
  private static final String[] OF_THE_SERVER = {
    "--node",
    "--ip",
    "--port",
    "--idc",
    "--expiretime",
    "--alivetime",
    "--totallimit",
    "--reserve-bytes",
    "--quota-bytes",
    "--task-ttl",
    "--queue-timeout",
    "--metrics-network",
    "--tls-cert",
    "--tls-key",
    "--tls-ca",
    "--supernode-fingerprint",
    "--home",
    "--config"
  };

  /** Options that take no word behind them; all others do. */
  private static final String[] SWITCHES = {
    "--json",
    "--showbar",
    "-b",
    "--console",
    "--verbose",
    "--insecure",
    ALLOW_PREHEAT,
    "--help",
    "-h",
    "--version",
    "-V",
    "--print-config"
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
   * Tells whether the call only shows or tidies the home, or has nothing to do with it: it needs no
   * server, but uses one that runs, since that holds the home.
   */
  boolean isAboutHome() {
    String subcommand = subcommand();
    return "cache".equals(subcommand)
        || "explain".equals(subcommand)
        || "preheat".equals(subcommand);
  }

  /** Tells whether the call is for a server that runs, and starts none. */
  boolean isAboutServer() {
    return "limit".equals(subcommand());
  }

  /** Returns the first word that is neither an option nor the value of one; null without any. */
  private @Nullable String subcommand() {
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (!word.startsWith("-")) {
        return word;
      }
      if (takesNextWord(word)) {
        i++;
      }
    }
    return null;
  }

  private static boolean takesNextWord(String option) {
    boolean withValue =
        option.startsWith("--") ? option.indexOf('=') >= 0 : option.length() > SHORT_NODE.length();
    for (String name : SWITCHES) {
      withValue |= option.equals(name);
    }
    return !withValue;
  }

  /** Tells whether a failure is to be told to programs, too; as the server's parser sees it. */
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
      if (word.equals(ALLOW_PREHEAT) || word.startsWith(ALLOW_PREHEAT + "=")) {
        found.add(word);
      }
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
        // The server works in another directory.
        found.add(name.startsWith("--tls-") ? new File(value).getAbsolutePath() : value);
      }
    }
    return found;
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
