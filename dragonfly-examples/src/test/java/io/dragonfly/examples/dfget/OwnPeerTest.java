package io.dragonfly.examples.dfget;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.examples.RudeServer;
import io.dragonfly.examples.command.FakeCall;
import io.dragonfly.examples.thin.FileOwnerTest;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a peer of one call does with its home: one that is there, that is not, or that cannot be.
 */
@ExtendWith(LeakCheck.class)
@Timeout(30)
class OwnPeerTest {
  private static final String HEAD = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 1000\n\n";

  @TempDir private Path dir;
  private Path home;
  private FakeCall call;
  private int code;

  @BeforeEach
  void begin() {
    home = dir.resolve("home");
  }

  @Test
  void aHomeThatCannotBeWrittenIsReplacedForAFetch() throws IOException {
    home = Files.createFile(dir.resolve("file")).resolve("home");
    try (RudeServer source = new RudeServer(HEAD, 1000, RudeServer.Then.CLOSE)) {
      run("--url " + source.url() + " --output out");
    }

    assertThat(code).as(call.said()).isZero();
    assertThat(dir.resolve("out")).hasSize(1000);
    assertThat(call.said().lines().filter(line -> line.contains("cannot be used")))
        .singleElement()
        .asString()
        .startsWith("dfget: Home " + home + " cannot be used: Not a directory.")
        .endsWith("A temporary one is used for this call.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cache ls", "cache rm --all", "cache verify", "explain abcd"})
  void whoAsksWhatAHomeHoldsIsToldThatItCannotBeUsed(String words) throws IOException {
    home = Files.createFile(dir.resolve("file")).resolve("home");

    run(words);

    assertThat(code).isEqualTo(20);
    assertThat(call.said())
        .startsWith("dfget: Home " + home + " cannot be used: Not a directory.")
        .doesNotContain("temporary");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cache ls", "cache rm --all", "cache verify"})
  void aHomeThatIsNotThereHoldsNothingAndIsNotMade(String words) {
    run(words + " --json");

    assertThat(code).as(call.said()).isZero();
    assertThat(call.json().at("/tasks")).isEmpty();
    assertThat(call.said())
        .isEqualTo("dfget: home " + home + " does not exist, so it holds nothing\n");
    assertThat(home).doesNotExist();
  }

  @Test
  void aSettingThatIsNotAllowedIsNamedAsItsOption() {
    run("--url http://127.0.0.1:1/a --output out --queue-timeout 0");

    assertThat(code).isEqualTo(2);
    assertThat(call.said()).startsWith("dfget: --queue-timeout is PT0S, must be > 0");
  }

  @Test
  void nothingIsKnownOfWhatWasFetchedWithAHomeThatIsNotThere() {
    run("explain abcd");

    assertThat(code).isEqualTo(2);
    assertThat(call.said()).contains("no fetch of 'abcd' is known here");
    assertThat(home).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--url http://127.0.0.1:1/a --output out", "cache ls"})
  void aHomeOfAnotherUserIsAnErrorForRootToo(String words) throws Exception {
    Files.createDirectory(home);
    FileOwnerTest.giveAway(home);

    run(words);

    assertThat(code).isEqualTo(20);
    assertThat(call.said()).contains(home + " belongs to user").doesNotContain("temporary");
    assertThat(home).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--url http://127.0.0.1:1/a --output out", "cache ls"})
  void aHomeBehindALinkOfAnotherUserIsAnErrorForRootToo(String words) throws Exception {
    Path target = Files.createDirectory(dir.resolve("target"));
    FileOwnerTest.giveAway(Files.createSymbolicLink(home, target));

    run(words);

    assertThat(code).isEqualTo(20);
    assertThat(call.said()).contains("Link " + home).doesNotContain("temporary");
    assertThat(target).isEmptyDirectory();
  }

  @Test
  void aHomeThatSomebodyUsesIsAnError() {
    try (DistributionClient other =
        new DistributionClient(ClientConfig.builder().home(home).build())) {
      run("--url http://127.0.0.1:1/a --output out");

      assertThat(code).isEqualTo(20);
      assertThat(call.said()).contains("in use by process").doesNotContain("temporary");
      assertThat(other.tasks()).isEmpty();
    }
  }

  private void run(String words) {
    List<String> all = new ArrayList<>(List.of(words.split(" ")));
    all.addAll(List.of("--home", home.toString()));
    call = new FakeCall(dir, all);
    code = DfgetMain.run(call, new OwnPeer(call, false));
  }
}
