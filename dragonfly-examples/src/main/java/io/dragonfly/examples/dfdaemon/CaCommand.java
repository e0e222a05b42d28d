package io.dragonfly.examples.dfdaemon;

import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.thin.HomeDirectory;
import io.dragonfly.transport.http.ContainerProxy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code dfdaemon ca}: prints the certificate that clients of an intercepting proxy must trust. */
@Command(
    name = "ca",
    description =
        "Prints the certificate of the home's CA in PEM, which clients must trust whose TLS is"
            + " intercepted. Makes the CA if there is none.",
    mixinStandardHelpOptions = true)
final class CaCommand implements Callable<Integer> {
  private final Supplier<Path> home;

  @Spec private CommandSpec spec = CommandSpec.create();

  CaCommand(Supplier<Path> home) {
    this.home = home;
  }

  @Override
  public Integer call() throws IOException {
    Path place = home.get();
    HomeDirectory.create(place);
    String pem = ContainerProxy.caCertificate(DfdaemonMain.caFile(place));
    spec.commandLine().getOut().print(pem);
    spec.commandLine().getOut().flush();
    return ExitCode.OK;
  }
}
