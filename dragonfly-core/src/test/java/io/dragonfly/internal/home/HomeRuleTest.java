package io.dragonfly.internal.home;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real directories and links, whose owners and modes are those that each test names. */
@DisabledOnOs(OS.WINDOWS)
class HomeRuleTest {
  private static final String ME = "1000";
  private static final String ANOTHER = "1001";
  private static final String ROOT = "0";
  private static final String OK = "";

  @TempDir private Path dir;
  private Path home;
  private final Map<Path, HomeRule.Attributes.Entry> entries = new HashMap<>();

  @BeforeEach
  void makeHome() throws IOException {
    dir = dir.toRealPath();
    home = Files.createDirectories(dir.resolve("volume/home"));
    set(home, ME, ME, 0700);
  }

  private void set(Path path, String owner, String group, int mode) {
    int kind = Files.isSymbolicLink(path) ? 0120000 : 0040000;
    entries.put(path, new HomeRule.Attributes.Entry(owner, group, kind | mode));
  }

  /** What no test names belongs to root. */
  private HomeRule.Attributes.Entry read(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new NoSuchFileException(path.toString());
    }
    int kind = Files.isSymbolicLink(path) ? 0120777 : 0040755;
    return entries.getOrDefault(path, new HomeRule.Attributes.Entry(ROOT, ROOT, kind));
  }

  private String check(String user, Path path) throws IOException {
    try {
      return new HomeRule(user, ROOT, this::read).check(path);
    } catch (NoSuchFileException e) {
      return OK;
    }
  }

  @ParameterizedTest(name = "home of user {0}, group {1}, mode {2}, for user {3}: {4}")
  @CsvSource({
    "1000, 1000, 0700, 1000, ''",
    "1000, 1000, 0755, 1000, ''",
    "1000, 1000, 0775, 1000, ''", // the user's own group
    "1000, 100, 0755, 1000, ''",
    "1000, 100, 0775, 1000, Run 'chmod g-w HOME'",
    "1000, 100, 01775, 1000, Run 'chmod g-w HOME'",
    "1000, 1000, 0777, 1000, Run 'chmod go-w HOME'",
    "1000, 1000, 0702, 1000, Run 'chmod go-w HOME'",
    "1000, 1000, 01777, 1000, 'such as HOME/dragonfly'",
    "1001, 1001, 0700, 1000, Home HOME belongs to user",
    "1001, 100, 0770, 1000, Home HOME belongs to user",
    "1001, 1001, 0777, 1000, Home HOME belongs to user",
    "1001, 1001, 0700, 0, Home HOME belongs to user",
    "0, 0, 0700, 0, ''",
    "0, 2000, 02775, 0, ''",
    "0, 0, 0777, 0, Run 'chmod go-w HOME'",
    "0, 0, 01777, 0, 'such as HOME/dragonfly'",
    "0, 0, 0755, 1000, Home HOME belongs to user",
    "0, 2000, 0770, 1000, ''", // volumes of Kubernetes and docker
    "0, 2000, 02775, 1000, ''",
    "0, 0, 0777, 1000, Have root run 'chmod +t HOME'",
    "0, 2000, 02777, 1000, 'Choose a directory in it, such as HOME/dragonfly'",
    "0, 0, 01777, 1000, 'Choose a directory in it, such as HOME/dragonfly'"
  })
  void judgesTheHome(String owner, String group, String mode, String user, String refusal)
      throws IOException {
    set(home, owner, group, Integer.parseInt(mode, 8));

    expect(refusal, check(user, home));
  }

  @ParameterizedTest(name = "directory of user {0}, group {1}, mode {2}, for user {3}: {4}")
  @CsvSource({
    "0, 0, 0755, 1000, ''",
    "1000, 1000, 0775, 1000, ''",
    "0, 0, 01777, 1000, ''", // such as /tmp
    "1000, 100, 01770, 1000, ''",
    "0, 2000, 0775, 1000, ''",
    "0, 2000, 02777, 1000, ''", // an emptyDir with fsGroup
    "0, 0, 0777, 1000, Run 'chmod +t DIR'",
    "0, 2000, 02757, 1000, Run 'chmod +t DIR'",
    "1000, 1000, 02777, 1000, Run 'chmod +t DIR'",
    "1000, 100, 0775, 1000, Run 'chmod g-w DIR'",
    "1001, 1001, 0700, 1000, 'Directory DIR, which leads to home HOME, belongs to user'",
    "1001, 1001, 01777, 1000, 'Directory DIR, which leads to home HOME, belongs to user'",
    "1000, 1000, 0700, 0, 'Directory DIR, which leads to home HOME, belongs to user'"
  })
  void judgesADirectoryThatLeadsToTheHome(
      String owner, String group, String mode, String user, String refusal) throws IOException {
    set(home, user, user, 0700);
    set(home.getParent(), owner, group, Integer.parseInt(mode, 8));

    expect(refusal, check(user, home));
    Path missing = home.getParent().resolve("none");
    expect(refusal.replace("HOME", missing.toString()), check(user, missing));
  }

  /** Kubernetes lets the group write to all that is in a volume when a pod starts. */
  @Test
  void theGroupOfAVolumeMayWriteToTheHomesInIt() throws IOException {
    set(home.getParent(), ROOT, "2000", 02775);
    set(home, ME, "2000", 02770);
    assertThat(check(ME, home)).isEmpty();

    set(home, ME, "2001", 02770);
    expect("Run 'chmod g-w HOME'", check(ME, home));
    set(home, ME, "2000", 02770);
    set(home.getParent(), ROOT, "2000", 02755);
    expect("Run 'chmod g-w HOME'", check(ME, home));
  }

  @ParameterizedTest
  @ValueSource(strings = {"link", "link/home", "link/../home/./home", "link/none"})
  void linksAreFollowedIfTheyBelongToTheUserOrToRoot(String name) throws IOException {
    Path link = Files.createSymbolicLink(dir.resolve("link"), Path.of("second"));
    Path second = Files.createSymbolicLink(dir.resolve("second"), home);
    Files.createDirectory(home.resolve("home"));
    set(home.resolve("home"), ME, ME, 0700);
    for (String owner : new String[] {ME, ROOT}) {
      set(link, owner, owner, 0777);
      set(second, owner, owner, 0777);
      assertThat(check(ME, dir.resolve(name))).isEmpty();
    }

    set(second, ANOTHER, ANOTHER, 0777);
    assertThat(check(ME, dir.resolve(name)))
        .startsWith("Link " + second + ", which leads to home " + dir.resolve(name));
    set(second, ME, ME, 0777);
    set(home.getParent(), ANOTHER, ANOTHER, 0755); // behind the links
    assertThat(check(ME, dir.resolve(name))).startsWith("Directory " + home.getParent());
  }

  /** What the link names is root's, but the one who made the link chooses it. */
  @Test
  void aLinkOfAnotherUserToADirectoryOfRootIsRefusedForRoot() throws IOException {
    Path link = Files.createSymbolicLink(dir.resolve("peer"), dir.resolve("volume"));
    set(link, ANOTHER, ANOTHER, 0777);

    assertThat(check(ROOT, link)).startsWith("Link " + link);
    assertThat(check(ROOT, link.resolve("home"))).startsWith("Link " + link);
  }

  @Test
  void aLoopOfLinksIsLeftToTheKernel() throws IOException {
    Path link = Files.createSymbolicLink(dir.resolve("link"), dir.resolve("link"));

    assertThat(check(ME, link)).isEmpty();
  }

  @Test
  void aHomeThatIsNotThereIsNobodysYet() {
    assertThat(HomeCheck.refusal(dir.resolve("none/home"))).isEmpty();
    assertThatThrownBy(() -> HomeCheck.refusalToRead(dir.resolve("none")))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void whoOwnsTheRootDirectoryIsRootInAUserNamespace() throws IOException {
    String nobody = "65534";
    HomeRule rule = new HomeRule(ME, nobody, this::read);
    for (Path above = home.getParent(); above != null; above = above.getParent()) {
      set(above, nobody, nobody, 0755);
    }

    assertThat(rule.check(home)).isEmpty();
    assertThat(check(ME, home)).contains("belongs to user");
  }

  @Test
  void aSystemWithoutOwnersIsNotJudged() throws IOException {
    HomeRule rule =
        new HomeRule(
            ME,
            ROOT,
            path -> {
              throw new UnsupportedOperationException();
            });

    assertThat(rule.check(home)).isEmpty();
  }

  @Test
  void rootMayReadAHomeThatItMustNotUse() throws IOException {
    Assumptions.assumeTrue(HomeCheck.me().equals(ROOT), "not run by root");
    Files.setAttribute(home, "unix:uid", 4242);

    assertThat(HomeCheck.refusal(home)).contains("belongs to user");
    assertThat(HomeCheck.refusalToRead(home)).isEmpty();
    Files.setAttribute(home, "unix:mode", 0777);
    assertThat(HomeCheck.refusalToRead(home)).contains("chmod go-w " + home);
  }

  /** Another user could make the home lead elsewhere between two looks at it. */
  @Test
  void rootReadsInTheHomeOfAnotherUserOnlyIfRootAloneCanReplaceIt() throws IOException {
    HomeRule rule = new HomeRule(ROOT, ROOT, this::read);
    assertThat(rule.checkToRead(home)).isEmpty();
    set(home, ME, "100", 0770);
    expect("Run 'chmod g-w HOME'", rule.checkToRead(home));
    set(home, ME, ME, 0702);
    expect("Run 'chmod go-w HOME'", rule.checkToRead(home));
    set(home, ME, ME, 0700);
    set(home.getParent(), ME, ME, 0700);
    expect("Directory DIR, which leads to home HOME, belongs", rule.checkToRead(home));

    expect("Home HOME belongs", new HomeRule(ANOTHER, ME, this::read).checkToRead(home));
  }

  @Test
  void aHomeIsMadeForItsOwnerAloneAndOneThatWasThereStaysAsItIs() throws IOException {
    Path made = dir.resolve("a/b");

    assertThat(HomeCheck.prepare(made)).isEmpty();
    for (Path path : new Path[] {made, made.getParent()}) {
      assertThat(Files.getAttribute(path, "unix:mode")).isEqualTo(0040700);
    }
    Files.setAttribute(made, "unix:mode", 0755);
    assertThat(HomeCheck.prepare(made)).isEmpty();
    assertThat(Files.getAttribute(made, "unix:mode")).isEqualTo(0040755);
  }

  private void expect(String refusal, String actual) {
    String expected =
        refusal.replace("HOME", home.toString()).replace("DIR", home.getParent().toString());
    if (expected.equals(OK)) {
      assertThat(actual).isEmpty();
    } else {
      assertThat(actual).contains(expected);
    }
  }
}
