package io.dragonfly.examples.supernode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.dragonfly.examples.command.FakeCall;
import io.dragonfly.examples.dfget.DfgetMain;
import io.dragonfly.examples.dfget.OwnPeer;
import io.dragonfly.examples.thin.FileOwnerTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The home of a supernode, for those who start it and for those who take the token from it. */
class OperatorHomeTest {
  @TempDir Path dir;
  private Path home;

  @BeforeEach
  void begin() throws IOException {
    assumeThat(dir.getFileSystem().supportedFileAttributeViews()).contains("unix");
    home = Files.createDirectory(dir.resolve("home"));
  }

  private FakeCall supernode(String... words) {
    FakeCall call = new FakeCall(dir, words);
    assertThat(SupernodeMain.run(call)).as(call.said()).isEqualTo(20);
    return call;
  }

  @ParameterizedTest
  @ValueSource(strings = {"--advertise-ip 127.0.0.1 --port 0", "admin status", "preheat http://h/"})
  void isRefusedIfEveryUserMayWriteToIt(String words) throws IOException {
    Files.writeString(home.resolve("admin-token"), "token");
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
    String[] line = (words + " --home-dir " + home).split(" ");

    FakeCall call = new FakeCall(dir, line);
    int code =
        words.startsWith("preheat")
            ? DfgetMain.run(call, new OwnPeer(call, false))
            : SupernodeMain.run(call);

    assertThat(code).as(call.said()).isEqualTo(20);
    assertThat(call.said()).contains("Every user may write to home " + home, "chmod go-w");
    assertThat(home).isDirectoryNotContaining("glob:**/*lock*");
  }

  @Test
  void aTokenThatIsALinkIsNotRead() throws IOException {
    Path other = Files.writeString(dir.resolve("other"), "a secret of something else");
    Files.createSymbolicLink(home.resolve("admin-token"), other);

    assertThat(supernode("admin", "status", "--home-dir", home.toString()).said())
        .contains("admin-token cannot be read");
  }

  /** A service may have a user of its own, which nobody else can become. */
  @Test
  void rootTakesATokenFromTheHomeOfTheSupernodesUser() {
    FileOwnerTest.giveAway(home);

    assertThat(supernode("admin", "status", "--home-dir", home.toString()).said())
        .contains("holds no admin token")
        .doesNotContain("belongs to");
  }
}
