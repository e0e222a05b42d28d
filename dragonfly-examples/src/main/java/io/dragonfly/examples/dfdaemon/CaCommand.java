package io.dragonfly.examples.dfdaemon;

import io.dragonfly.error.StorageException;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.WhyNot;
import io.dragonfly.internal.home.HomeCheck;
import io.dragonfly.transport.http.ContainerProxy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dfdaemon ca}: prints the certificate that clients of an intercepting proxy must trust. */
@Command(
    name = "ca",
    description =
        "Prints the certificate of the home's CA in PEM, which clients must trust whose TLS is"
            + " intercepted; in the last weeks of the CA also that of the next one. Makes the CA if"
            + " there is none.",
    mixinStandardHelpOptions = true)
final class CaCommand implements Callable<Integer> {
  private final Function<Optional<String>, Path> homes;
  private final Runnable startLog;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--home",
      paramLabel = "D",
      description = "Home of the dfdaemon. Default: as for dfdaemon itself.")
  private @Nullable String home;

  /**
   * The command.
   *
   * @param homes finds the home of that name, or of the settings if none was said here
   */
  CaCommand(Function<Optional<String>, Path> homes, Runnable startLog) {
    this.homes = homes;
    this.startLog = startLog;
  }

  @Override
  public Integer call() throws IOException {
    startLog.run();
    Path place = homes.apply(Optional.ofNullable(home));
    create(place);
    String pem = ContainerProxy.caCertificate(DfdaemonMain.caFile(place));
    spec.commandLine().getOut().print(pem);
    spec.commandLine().getOut().flush();
    return ExitCode.OK;
  }

  private static void create(Path home) {
    try {
      String refusal = HomeCheck.prepare(home);
      if (!refusal.isEmpty()) {
        throw new StorageException(refusal);
      }
    } catch (IOException e) {
      throw new StorageException(
          "The home %s cannot be made: %s. Choose another with --home."
              .formatted(home, WhyNot.of(e)),
          e);
    }
  }
}
