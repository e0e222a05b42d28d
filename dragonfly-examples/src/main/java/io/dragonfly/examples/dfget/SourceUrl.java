package io.dragonfly.examples.dfget;

import io.dragonfly.fetch.FetchRequest;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The URL of a call: what it must be, and which file name it gives. */
final class SourceUrl {
  private static final String OPTION = "--url";

  /** The option and its value in one argument. */
  private static final Pattern TOGETHER = Pattern.compile("(?s)(?:--url=|-u=?)(.+)");

  private SourceUrl() {}

  /** Returns a URL without what may be secret in it. */
  static String shown(String url) {
    return url.replaceFirst("(?s)[?#].*", "").replaceFirst("//[^/]*@", "//");
  }

  /**
   * Returns the URL in the words of a call that cannot be read as a whole; empty if there is none.
   */
  static String in(List<String> arguments) {
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      Matcher together = TOGETHER.matcher(argument);
      if (together.matches()) {
        return together.group(1);
      }
      if ((argument.equals(OPTION) || argument.equals("-u")) && i + 1 < arguments.size()) {
        return arguments.get(i + 1);
      }
    }
    return "";
  }

  /**
   * Begins a request.
   *
   * @throws IllegalArgumentException if the text is no URL of http or https
   */
  static FetchRequest.Builder request(String url) {
    return FetchRequest.builder(parse(OPTION, url));
  }

  /**
   * Returns the URL.
   *
   * @param name what it is called in the call, for the message
   * @throws IllegalArgumentException if the text is no URL of http or https
   */
  static URI parse(String name, String url) {
    if (url.isEmpty()) {
      throw new IllegalArgumentException(name + " is missing: say what to fetch");
    }
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          "%s is no URL: %s at character %d".formatted(name, e.getReason(), e.getIndex() + 1), e);
    }
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new IllegalArgumentException(name + " must begin with http:// or https://");
    }
    if (uri.getRawAuthority() == null) {
      throw new IllegalArgumentException(name + " has no valid host name or address");
    }
    return uri;
  }

  /**
   * Returns where a file goes.
   *
   * @param output what the caller said, if anything
   * @throws IllegalArgumentException if that cannot be a file, or the URL gives no name
   */
  static Path output(String url, @Nullable String output) {
    if (output == null) {
      return Path.of(fileName(parse(OPTION, url)));
    }
    if (output.isEmpty()) {
      throw new IllegalArgumentException("--output is empty: give the path of a file");
    }
    if (output.endsWith("/")) {
      throw new IllegalArgumentException(
          "--output is '%s', a directory: give the path of a file".formatted(output));
    }
    try {
      return Path.of(output);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("--output is no path: " + e.getReason(), e);
    }
  }

  /** Takes the last element as a name: nothing in it may lead out of the directory. */
  private static String fileName(URI url) {
    String path = url.getRawPath() == null ? "" : url.getRawPath();
    String last = path.substring(path.lastIndexOf('/') + 1);
    String name = last.isEmpty() ? "" : URI.create("/" + last).getPath().substring(1);
    boolean usable =
        !name.isEmpty()
            && !name.equals(".")
            && !name.equals("..")
            && name.chars().noneMatch(c -> c == '/' || c == '\\' || c < 0x20 || c == 0x7f);
    if (!usable) {
      throw new IllegalArgumentException("the URL gives no file name: give --output");
    }
    return name;
  }
}
