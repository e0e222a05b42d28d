package io.dragonfly.examples.dfdaemon;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.common.net.InetAddresses;
import io.dragonfly.examples.command.Addresses;
import io.dragonfly.examples.command.ExitCode;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code dfdaemon healthcheck}: tells whether a dfdaemon answers. One that does not keeps engines
 * waiting for minutes, so systemd or a probe should end it.
 */
@Command(
    name = "healthcheck",
    description = "Tells whether the dfdaemon with these settings answers: exit code 0, else 1.",
    mixinStandardHelpOptions = true)
final class HealthCheckCommand implements Callable<Integer> {
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final int UNHEALTHY = 1;
  private static final int MOST_BYTES = 512;

  private final Supplier<InetSocketAddress> settings;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--host-ip",
      paramLabel = "I",
      converter = Addresses.IpConverter.class,
      description = "Address where it listens. Default: as for dfdaemon itself.")
  private @Nullable InetAddress hostIp;

  @Option(
      names = "--port",
      paramLabel = "P",
      converter = Addresses.PortConverter.class,
      description = "Port where it listens. Default: as for dfdaemon itself.")
  private @Nullable Integer port;

  /**
   * The command.
   *
   * @param settings tell what was not said here
   */
  HealthCheckCommand(Supplier<InetSocketAddress> settings) {
    this.settings = settings;
  }

  @Override
  public Integer call() {
    InetSocketAddress set = settings.get();
    InetSocketAddress listening =
        new InetSocketAddress(
            hostIp == null ? set.getAddress() : hostIp, port == null ? set.getPort() : port);
    InetSocketAddress asked =
        new InetSocketAddress(onThisMachine(listening.getAddress()), listening.getPort());
    try {
      if (answers(asked)) {
        return ExitCode.OK;
      }
      return tell(asked, "gave another answer");
    } catch (IOException e) {
      return tell(asked, String.valueOf(e.getMessage()));
    }
  }

  /** What listens at all addresses of IPv6 need not listen at those of IPv4. */
  private static InetAddress onThisMachine(InetAddress listening) {
    if (!listening.isAnyLocalAddress()) {
      return listening;
    }
    return listening instanceof Inet6Address
        ? InetAddresses.forString("::1")
        : InetAddress.getLoopbackAddress();
  }

  private int tell(InetSocketAddress asked, String what) {
    spec.commandLine()
        .getErr()
        .println("dfdaemon at %s is not well: %s".formatted(Addresses.text(asked), what));
    spec.commandLine().getErr().flush();
    return UNHEALTHY;
  }

  private static boolean answers(InetSocketAddress asked) throws IOException {
    int millis = (int) LIMIT.toMillis();
    try (Socket socket = new Socket()) {
      socket.connect(asked, millis);
      socket.setSoTimeout(millis);
      socket
          .getOutputStream()
          .write("GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
      String answer = new String(socket.getInputStream().readNBytes(MOST_BYTES), US_ASCII);
      return answer.matches("(?s)HTTP/1\\.1 200 .*ok\\s*");
    }
  }
}
