package io.dragonfly.examples.supernode;

import ch.qos.logback.classic.Level;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.Logging;
import io.dragonfly.examples.command.Version;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The {@code supernode} command: schedules peers and keeps one copy of what they want. */
@Command(
    name = "supernode",
    description = "Schedules peers, and keeps one copy of what they want.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class)
public final class SupernodeMain implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--home-dir",
      required = true,
      paramLabel = "D",
      description = "Directory for the CDN cache and the keys; made if it does not exist.")
  private Path homeDir = Path.of("");

  @Option(
      names = "--advertise-ip",
      required = true,
      paramLabel = "I",
      description = "Address of this machine that the peers reach.")
  private InetAddress advertiseIp = InetAddress.getLoopbackAddress();

  @Option(
      names = "--port",
      defaultValue = "8002",
      paramLabel = "P",
      description = "Port for everything; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--idc",
      defaultValue = "",
      paramLabel = "NAME",
      description = "Data centre of this machine.")
  private String idc = "";

  @Option(names = "--verbose", description = "Log every step, and traces of what went wrong.")
  private boolean verbose;

  private SupernodeMain() {}

  /** Runs until the process is told to end. */
  public static void main(String[] args) {
    System.exit(Commands.run(new SupernodeMain(), args));
  }

  @Override
  public Integer call() throws InterruptedException {
    if (port < 0 || port > 65535) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--port is %d, must be from 0 to 65535".formatted(port));
    }
    Logging.start(verbose, Level.INFO);
    CountDownLatch ended = new CountDownLatch(1);
    SupernodeConfig config =
        SupernodeConfig.builder()
            .homeDir(homeDir)
            .advertiseIp(advertiseIp)
            .port(port)
            .idc(idc)
            .build();
    try (Supernode supernode = new Supernode(config)) {
      Commands.onShutdown("dragonfly-supernode-shutdown", supernode::close);
      InetSocketAddress address = supernode.address().orElseThrow();
      PrintWriter out = spec.commandLine().getOut();
      out.printf(
          "supernode ready on %s:%d%n", address.getAddress().getHostAddress(), address.getPort());
      out.flush();
      ended.await();
    }
    return ExitCode.OK;
  }
}
