package io.dragonfly.examples.dfget;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.examples.command.FakeCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code dfget renew-secret}, with and without a process that uses the home. */
class RenewSecretCommandTest {
  @TempDir private Path dir;

  private Path home() {
    return dir.resolve("home");
  }

  private String secret() throws IOException {
    return Files.readString(home().resolve("secret"));
  }

  private DistributionClient client() {
    return new DistributionClient(
        ClientConfig.builder().home(home()).limitDir(dir.resolve("limit")).build());
  }

  private FakeCall call(String... more) {
    String[] all = new String[more.length + 3];
    all[0] = "renew-secret";
    all[1] = "--home";
    all[2] = home().toString();
    System.arraycopy(more, 0, all, 3, more.length);
    return new FakeCall(dir, all);
  }

  /** Runs a call in a process of its own, so to speak. */
  private static int run(FakeCall call) {
    return DfgetMain.run(call, new OwnPeer(call, false));
  }

  @Test
  void aHomeThatNobodyUsesGetsAnotherSecret() throws Exception {
    client().close();
    String before = secret();
    FakeCall call = call();

    assertThat(run(call)).as(call.said()).isZero();

    assertThat(call.printed()).isEqualTo("the secret is a new one\n");
    assertThat(secret()).isNotEqualTo(before).matches("[0-9a-f]{64}\n");
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(home().resolve("secret"))))
        .isEqualTo("rw-------");
    client().close(); // it can be used
  }

  @Test
  void theProcessThatServesTheHomeTakesIt() throws Exception {
    try (DistributionClient client = client()) {
      String before = secret();
      FakeCall call = call();

      int code = DfgetMain.run(call, hostOf(client));

      assertThat(code).as(call.said()).isZero();
      assertThat(call.printed())
          .contains("process " + ProcessHandle.current().pid() + " uses it already");
      assertThat(secret()).isNotEqualTo(before);
    }
  }

  @Test
  void nothingChangesWhereAProcessUsesTheHomeThatTakesNoCalls() throws Exception {
    DistributionClient client = client();
    try (client) {
      String before = secret();
      FakeCall call = call();

      assertThat(run(call)).isNotZero();

      assertThat(call.said()).contains("is in use by process").contains("Stop that process");
      assertThat(call.printed()).isEmpty();
      assertThat(secret()).isEqualTo(before);
    }
  }

  @Test
  void aHomeThatIsNotThereIsNotMade() {
    FakeCall call = call();

    assertThat(run(call)).isEqualTo(2);

    assertThat(call.said()).contains("does not exist").contains("there is no secret to renew");
    assertThat(home()).doesNotExist();
  }

  @Test
  void whatIsNoSecretIsNotReplaced() throws Exception {
    client().close();
    Files.writeString(home().resolve("secret"), "something else");
    FakeCall call = call();

    assertThat(run(call)).isNotZero();

    assertThat(call.said()).contains("64 hexadecimal digits").doesNotContain("something else");
    assertThat(secret()).isEqualTo("something else");
  }

  @Test
  void whatItDoesNotKnowIsRefused() throws Exception {
    client().close();
    String before = secret();
    FakeCall call = call("--all");

    assertThat(run(call)).isEqualTo(2);

    assertThat(call.said()).contains("there is no option '--all'");
    assertThat(secret()).isEqualTo(before);
  }

  private static PeerHost hostOf(DistributionClient client) {
    return new PeerHost() {
      @Override
      public boolean outlivesCalls() {
        return true;
      }

      @Override
      public Lease lend(PeerSettings wanted) {
        return new Lease() {
          @Override
          public DistributionClient client() {
            return client;
          }

          @Override
          public RunningFetches running() {
            return new RunningFetches();
          }

          @Override
          public void serveOn() {}

          @Override
          public void close() {}
        };
      }
    };
  }
}
