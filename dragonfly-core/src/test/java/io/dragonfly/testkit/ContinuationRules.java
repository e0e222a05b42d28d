package io.dragonfly.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What holds for the sources of a module: no action that is run when a stage completes may fail
 * unseen. {@code whenComplete} and its like put what their action throws into the stage that they
 * return; so somebody must use that stage. Where nobody needs it, {@code Continuations.whenDone}
 * logs instead.
 *
 * <p>The stage counts as used if it is returned, assigned to a variable that is not called unused,
 * given to a method, or called again. That of a lambda counts as used where the lambda is for its
 * value, as in {@code map}.
 */
public final class ContinuationRules {
  private static final Pattern CALL =
      Pattern.compile(
          "\\.(?:whenComplete|thenAccept|thenRun|handle|exceptionally|thenAcceptBoth|runAfterBoth"
              + "|acceptEither|runAfterEither)(?:Async)?\\(");

  /** Comments, text blocks, strings and characters: what they hold is no code. */
  private static final Pattern NO_CODE =
      Pattern.compile(
          "//[^\n]*|/\\*.*?\\*/|\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\n])*\"|'(?:\\\\.|[^'\\\\\n])+'",
          Pattern.DOTALL);

  private static final Pattern USED =
      Pattern.compile("(?:return\\b.*|(?:[\\w.<>,?\\[\\]\\s]+\\s)?(?!unused)[\\w.]+\\s*=(?!=).*)");

  private static final Pattern OF_VALUES =
      Pattern.compile(
          ".*\\b(?:map|flatMap|mapToObj|thenCompose|call)\\s*\\(\\s*\\(?[\\w\\s,]*\\)?");

  private ContinuationRules() {}

  /** Checks all sources below a directory, such as {@code src/main/java}. */
  public static void noneFailsUnseen(Path sources) {
    List<String> unseen = new ArrayList<>();
    try (Stream<Path> files = Files.walk(sources)) {
      for (Path file : files.filter(ContinuationRules::isChecked).sorted().toList()) {
        for (int line : unseen(Files.readString(file))) {
          unseen.add(file + ":" + line);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    assertThat(unseen)
        .as("actions whose failure nobody sees: use Continuations.whenDone, or the stage")
        .isEmpty();
  }

  /** But for the one that makes it safe. */
  private static boolean isChecked(Path file) {
    return file.toString().endsWith(".java") && !file.endsWith("loop/Continuations.java");
  }

  /** Returns the lines of a source with such calls. */
  public static List<Integer> unseen(String source) {
    String code = withoutComments(source);
    List<Integer> lines = new ArrayList<>();
    Matcher call = CALL.matcher(code);
    while (call.find()) {
      if (code.charAt(next(code, closing(code, call.end()))) == ';'
          && !isUsed(code, call.start())) {
        lines.add(line(code, call.start()));
      } else if (isBodyOfLambda(code, call)) {
        lines.add(line(code, call.start()));
      }
    }
    return lines;
  }

  private static int line(String code, int at) {
    return 1 + (int) code.substring(0, at).chars().filter(c -> c == '\n').count();
  }

  private static String withoutComments(String source) {
    // Of the same length and lines, so that places stay what they are.
    return NO_CODE.matcher(source).replaceAll(found -> found.group().replaceAll("[^\n]", " "));
  }

  private static int next(String code, int at) {
    int next = at;
    while (Character.isWhitespace(code.charAt(next))) {
      next++;
    }
    return next;
  }

  /** Returns the place behind the bracket that closes the one before a place. */
  private static int closing(String code, int from) {
    int depth = 1;
    int at = from;
    for (; depth > 0; at++) {
      char c = code.charAt(at);
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
    return at;
  }

  /** Returns where the expression begins that ends at a place: at a lambda's body, too. */
  private static int beginning(String code, int end) {
    int depth = 0;
    for (int at = end - 1; at >= 0; at--) {
      char c = code.charAt(at);
      if (c == ')' || c == '}') {
        depth++;
      } else if (c == '(' || c == '{') {
        if (depth == 0) {
          return at + 1;
        }
        depth--;
      } else if (depth == 0 && (c == ';' || c == ',' || isArrow(code, at))) {
        return at + 1;
      }
    }
    return 0;
  }

  private static boolean isArrow(String code, int at) {
    return code.charAt(at) == '>' && at > 0 && code.charAt(at - 1) == '-';
  }

  private static boolean isUsed(String code, int call) {
    String statement = code.substring(beginning(code, call), call).strip();
    return USED.matcher(statement.replace('\n', ' ')).matches();
  }

  private static boolean isBodyOfLambda(String code, Matcher call) {
    char after = code.charAt(next(code, closing(code, call.end())));
    int begin = beginning(code, call.start());
    if (after == '.' || after == ';' || begin == 0 || !isArrow(code, begin - 1)) {
      return false;
    }
    int lambda = beginningOfLine(code, begin);
    return !OF_VALUES.matcher(code.substring(lambda, begin - 2).replace('\n', ' ')).matches();
  }

  private static int beginningOfLine(String code, int begin) {
    return Math.max(code.lastIndexOf(';', begin), code.lastIndexOf('{', begin)) + 1;
  }
}
