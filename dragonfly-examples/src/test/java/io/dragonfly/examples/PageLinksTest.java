package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The pages lead to what is there: in the repository, in the distribution, and in the site, whose
 * names end with {@code .html} and whose headings' names have {@code _} for a blank.
 */
class PageLinksTest {
  private static final Path ROOT = Path.of("..");
  private static final Pattern LINK = Pattern.compile("]\\(([^)\\s:#]*)(?:#([^)\\s]*))?\\)");
  private static final Pattern CODE = Pattern.compile("(?ms)^```.*?^```$");

  @Test
  void eachLinkLeadsSomewhere() throws IOException {
    List<String> broken = new ArrayList<>();
    int found = 0;
    for (Path page : pages()) {
      for (MatchResult link : LINK.matcher(text(page)).results().toList()) {
        found++;
        if (!leadsSomewhere(page, link)) {
          broken.add(page.getFileName() + ": " + link.group());
        }
      }
    }
    assertThat(broken).isEmpty();
    assertThat(found).isGreaterThan(50);
  }

  private static boolean leadsSomewhere(Path page, MatchResult link) throws IOException {
    Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1));
    String heading = link.group(2);
    return Files.exists(target)
        && (heading == null
            || Pattern.compile("(?m)^#+ " + Pattern.quote(heading.replace('_', ' ')) + "$")
                .matcher(text(target))
                .find());
  }

  private static String text(Path page) throws IOException {
    return CODE.matcher(Files.readString(page)).replaceAll("");
  }

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>();
    for (Path dir : List.of(ROOT, ROOT.resolve("src/site/markdown"))) {
      try (var found = Files.list(dir)) {
        found.filter(page -> page.toString().endsWith(".md")).forEach(pages::add);
      }
    }
    return pages;
  }
}
