package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The pages say which test shows what they state: those tests must be there. */
class NamedTestsTest {
  private static final Path ROOT = Path.of("..");

  /** A class in code quotes, and a test of it, whose name may be cut by an ellipsis. */
  private static final Pattern NAMED =
      Pattern.compile("`([A-Z][A-Za-z]+(?:Test|IT|Attacks))(?:\\.([a-zA-Z0-9]+)(…?))?`");

  @Test
  void eachTestThatAPageNamesIsThere() throws IOException {
    Map<String, String> tests = tests();
    List<String> missing = new ArrayList<>();
    int named = 0;
    for (Path page : pages()) {
      for (MatchResult name : NAMED.matcher(Files.readString(page)).results().toList()) {
        named++;
        String source = tests.get(name.group(1));
        if (source == null || !has(source, name)) {
          missing.add(page.getFileName() + ": " + name.group());
        }
      }
    }
    assertThat(missing).isEmpty();
    assertThat(named).isGreaterThan(50);
  }

  private static boolean has(String source, MatchResult name) {
    String method = name.group(2);
    return method == null || source.contains(" " + method + (name.group(3).isEmpty() ? "(" : ""));
  }

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("SECURITY.md")));
    try (var found = Files.list(ROOT.resolve("src/site/markdown"))) {
      found.filter(page -> page.toString().endsWith(".md")).forEach(pages::add);
    }
    return pages;
  }

  /** Returns the sources of all tests by the names of their classes. */
  private static Map<String, String> tests() throws IOException {
    Map<String, String> tests = new HashMap<>();
    try (var modules = Files.list(ROOT)) {
      for (Path module : modules.filter(m -> Files.isDirectory(m.resolve("src/test"))).toList()) {
        try (var files = Files.walk(module.resolve("src/test"))) {
          for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
            String name = file.getFileName().toString().replace(".java", "");
            tests.merge(name, Files.readString(file), String::concat);
          }
        }
      }
    }
    return tests;
  }
}
