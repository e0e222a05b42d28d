package io.dragonfly.examples.dfget;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.ExitCode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code dfget renew-secret} command: gives the peer of a home another secret. */
@Command(
    name = "renew-secret",
    description =
        "Gives the peer another secret: supernodes see another peer from then on. A dfget server"
            + " or dfdaemon that runs with the home takes it at once. Stored files stay.",
    mixinStandardHelpOptions = true)
final class RenewSecretCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  /** Read by what looks for the home. */
  @SuppressWarnings("UnusedVariable")
  @Option(
      names = "--home",
      paramLabel = "D",
      description = "The peer's home. Default: dragonfly/peer in the user's cache directory.")
  private @Nullable String home;

  private final HomeLease lease;
  private final PeerHost host;

  /** The command for a call, by a peer of this host. */
  RenewSecretCommand(Call call, PeerHost host) {
    this.lease = new HomeLease(call, host);
    this.host = host;
  }

  @Override
  public Integer call() {
    return lease.use(
        content -> {
          if (!content.renewSecret()) {
            throw new ParameterException(
                spec.commandLine(), "there is no secret to renew: the first fetch makes one");
          }
          PrintWriter out = spec.commandLine().getOut();
          out.println(
              host.outlivesCalls()
                  ? "the secret is a new one, and process %d uses it already"
                      .formatted(ProcessHandle.current().pid())
                  : "the secret is a new one");
          out.flush();
          return ExitCode.OK;
        });
  }
}
