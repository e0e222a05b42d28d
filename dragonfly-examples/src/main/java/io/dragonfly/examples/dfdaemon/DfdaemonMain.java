package io.dragonfly.examples.dfdaemon;

import io.dragonfly.DistributionClient;
import io.dragonfly.error.ListenException;
import io.dragonfly.examples.command.Addresses;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.Described;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.LogOptions;
import io.dragonfly.examples.command.OwnCall;
import io.dragonfly.examples.command.ProcessMetrics;
import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.command.Version;
import io.dragonfly.examples.dfget.PeerSettings;
import io.dragonfly.examples.server.RunningServer;
import io.dragonfly.examples.server.ServerStart;
import io.dragonfly.transport.http.ContainerProxy;
import io.dragonfly.transport.http.metrics.ProxyMeters;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code dfdaemon} command: brings images to container engines through the swarm. */
@Command(
    name = "dfdaemon",
    description =
        "A mirror of registries and an HTTP proxy for container engines. It is the peer of its"
            + " home: a dfget with that home uses it.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Version.class)
public final class DfdaemonMain implements Callable<Integer>, Described {
  private static final Map<String, String> OF_VERSION_1 =
      Map.ofEntries(
          Map.entry("--hostIp", "use --host-ip"),
          Map.entry("--peerPort", "use --peer-port"),
          Map.entry("--workHome", "use --home"),
          Map.entry("--localrepo", "files are kept in --home"),
          Map.entry("--dfpath", "it needs no other program"),
          Map.entry("--ratelimit", "use --totallimit"),
          Map.entry("--streamMode", "it always streams"),
          Map.entry("--maxprocs", "leave it out"),
          Map.entry("--certpem", "it serves plain http to this machine"),
          Map.entry("--keypem", "it serves plain http to this machine"),
          Map.entry("gen-ca", "the first start with --intercept makes a CA: see dfdaemon ca"),
          Map.entry(
              "registry_mirror",
              "write 'registry: https://HOST' for its remote, 'registry-ca: HOST=FILE' for certs,"
                  + " 'insecure-registry: HOST' for insecure"),
          Map.entry(
              "proxies",
              "write 'rule: [REGEX=p2p]' with =direct for direct, =p2p-https for use_https"),
          Map.entry(
              "hijack_https",
              "write 'intercept: [REGEX]' for its hosts, 'registry-ca' and 'insecure-registry' for"
                  + " their certificates; key and cert are ca.pem in the home"),
          Map.entry("dfget_flags", "the settings of the peer are those of dfdaemon"),
          Map.entry("supernodes", "use node"),
          Map.entry("localrepo", "files are kept in home"),
          Map.entry("workHome", "use home"),
          Map.entry("dfpath", "it needs no other program"),
          Map.entry("ratelimit", "use totallimit"),
          Map.entry("hostIp", "use host-ip"));

  private static final Logger LOG = LoggerFactory.getLogger(DfdaemonMain.class);

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DfdaemonOptions options = new DfdaemonOptions();
  @Mixin private LogOptions logging = new LogOptions();

  private final Call call;

  private DfdaemonMain(Call call) {
    this.call = call;
  }

  /** Runs until the process is told to end. */
  public static void main(String[] args) {
    System.exit(run(new OwnCall(args)));
  }

  /** Runs a dfdaemon in this process for as long as it lasts; returns an exit code. */
  public static int run(Call call) {
    return Commands.run(new DfdaemonMain(call), call);
  }

  @Override
  public boolean hasSettings() {
    return true;
  }

  @Override
  public Map<String, String> replaced() {
    return OF_VERSION_1;
  }

  @Override
  public List<Object> subcommands() {
    return List.of(
        new CaCommand(said -> orUsage(() -> options.home(call, said)), logging::start),
        new HealthCheckCommand(() -> orUsage(options::listen)));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    ProcessMetrics metrics = new ProcessMetrics("dfdaemon");
    PeerSettings settings = orUsage(() -> options.toPeerSettings(call, metrics::ofClient));
    ProxyConfig config = orUsage(() -> options.toProxyConfig(call, metrics::page));
    logging.start();
    RunningServer server =
        ServerStart.start(
            settings,
            new RunningServer.Addition() {
              @Override
              public AutoCloseable start(DistributionClient client) {
                ContainerProxy proxy = DfdaemonMain.this.start(config, client);
                ProxyMeters.show(metrics.registry(), proxy::counts);
                return () -> end(proxy);
              }

              @Override
              public Duration closesWithin() {
                return options.drain();
              }
            },
            started -> {});
    server.run();
    return ExitCode.OK;
  }

  /** Clients that are cut go on by range at the next process, or fail: most engines do. */
  private void end(ContainerProxy proxy) {
    int left = proxy.drain(options.drain());
    if (left > 0) {
      LOG.warn(
          "{} answers are cut off: they did not end within --drain {}",
          left,
          Units.exactTime(options.drain()));
    }
    proxy.close();
  }

  private ContainerProxy start(ProxyConfig config, DistributionClient client) {
    ContainerProxy proxy;
    try {
      proxy =
          ContainerProxy.start(
              config, client::stream, client::countDownload, client::securityEvent);
    } catch (IOException e) {
      throw new ListenException(
          "dfdaemon %s. Choose another --host-ip or --port, or end what listens there."
              .formatted(e.getMessage()),
          e);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println("dfdaemon ready on " + Addresses.text(proxy.address()));
    config
        .upstreams()
        .forEach(
            upstream -> {
              Optional<InetSocketAddress> own = proxy.address(upstream.name());
              own.ifPresent(
                  at ->
                      out.println("%s ready on %s".formatted(upstream.name(), Addresses.text(at))));
            });
    out.flush();
    var unused =
        client
            .silentSupernodes()
            .thenAccept(
                silent ->
                    silent
                        .values()
                        .forEach(why -> LOG.warn("{} Until then images are read directly.", why)));
    return proxy;
  }

  private <T> T orUsage(Supplier<T> said) {
    try {
      return said.get();
    } catch (IllegalArgumentException e) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns the file with the CA of a home. */
  static Path caFile(Path home) {
    return home.resolve("ca.pem");
  }
}
