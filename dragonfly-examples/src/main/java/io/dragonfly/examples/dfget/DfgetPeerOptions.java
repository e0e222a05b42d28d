package io.dragonfly.examples.dfget;

import io.dragonfly.ClientConfig;
import io.dragonfly.examples.command.Addresses;
import io.dragonfly.examples.command.AllowPreheatOption;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.MetricsOptions;
import io.dragonfly.examples.command.PeerTlsOptions;
import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.thin.Place;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that say which peer fetches: those of {@code dfget} and {@code dfget server}. */
public final class DfgetPeerOptions {
  @Option(
      names = {"--node", "-n"},
      split = ",",
      paramLabel = "HOST:PORT",
      converter = Addresses.NodeConverter.class,
      description =
          "Supernodes; port 8002 unless given. Default: none, the file comes from its source.")
  private List<Addresses.Node> nodes = new ArrayList<>();

  @Option(
      names = "--home",
      paramLabel = "D",
      description = "Directory for pieces. Default: dragonfly/peer in the user's cache directory.")
  private @Nullable String home;

  @Option(
      names = "--ip",
      paramLabel = "I",
      converter = Addresses.IpConverter.class,
      description = "Address to serve and call from. Default: the one that reaches the supernode.")
  private @Nullable InetAddress ip;

  @Option(
      names = "--port",
      defaultValue = "0",
      paramLabel = "P",
      converter = Addresses.PortConverter.class,
      description = "Port to serve on. Default: a free one.")
  private int port;

  @Option(
      names = "--idc",
      defaultValue = "",
      paramLabel = "NAME",
      description = "Data centre of this machine.")
  private String idc = "";

  @Option(
      names = "--totallimit",
      paramLabel = "RATE",
      converter = Units.LimitConverter.class,
      description =
          "Bytes per second of this host in each direction, all its peers together, such as 100M."
              + " Default: no limit.")
  private Units.@Nullable Limit totalLimit;

  @Option(
      names = "--alivetime",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description =
          "How long a server of this host serves others after its last use, 0 for ever."
              + " Default: 5m. In a dfget, 0 is a peer of its own without a server.")
  private @Nullable Duration aliveTime;

  @Option(
      names = "--expiretime",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description = "How long a server keeps a finished file that nobody uses. Default: 3m.")
  private @Nullable Duration expireTime;

  @Option(
      names = "--reserve-bytes",
      paramLabel = "SIZE",
      converter = Units.SizeConverter.class,
      description = "Bytes that stay free on the disk of the home. Default: 256M.")
  private @Nullable Long reserveBytes;

  @Option(
      names = "--quota-bytes",
      paramLabel = "SIZE",
      converter = Units.SizeConverter.class,
      description =
          "Bytes that the files of the home take up at most; what was used longest ago makes room."
              + " Default: what the disk has beside the reserve.")
  private @Nullable Long quotaBytes;

  @Option(
      names = "--task-ttl",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description = "How long a part of a file that nobody uses is kept, 0 for ever. Default: 7d.")
  private @Nullable Duration taskTtl;

  @Mixin private AllowPreheatOption preheats = new AllowPreheatOption();
  @Mixin private MetricsOptions metrics = new MetricsOptions();
  @Mixin private PeerTlsOptions tls = new PeerTlsOptions();

  /** Returns the defaults that depend on the call. */
  public static Map<String, String> defaults(Call call) {
    try {
      return Map.of(
          "home", Place.of(call.arguments(), call.directory().toString()).home().getPath());
    } catch (IOException e) {
      return Map.of(); // the configuration file cannot be read, which is said elsewhere
    }
  }

  /** Returns what was said; relative paths begin in the call's directory. */
  public PeerSettings toSettings(Call call) {
    return toSettings(call, builder -> {});
  }

  /** The same, and what no option says. */
  public PeerSettings toSettings(Call call, Consumer<ClientConfig.Builder> more) {
    return toSettings(call, Optional.ofNullable(home).map(call.directory()::resolve), more);
  }

  /** The same with another home. */
  PeerSettings toSettings(Call call, Path otherHome) {
    return toSettings(call, Optional.of(otherHome), builder -> {});
  }

  private PeerSettings toSettings(
      Call call, Optional<Path> directory, Consumer<ClientConfig.Builder> more) {
    return new PeerSettings(
        toConfig(call, directory, more),
        Optional.ofNullable(aliveTime),
        Optional.ofNullable(expireTime));
  }

  private ClientConfig toConfig(
      Call call, Optional<Path> directory, Consumer<ClientConfig.Builder> more) {
    ClientConfig.Builder builder = ClientConfig.builder().port(port).idc(idc);
    builder.supernodes(Addresses.inOrder(nodes));
    if (totalLimit != null) {
      totalLimit.rate().ifPresent(builder::totalRate);
    }
    directory.ifPresent(builder::home);
    Optional.ofNullable(reserveBytes).ifPresent(builder::reserveBytes);
    Optional.ofNullable(quotaBytes).filter(bytes -> bytes > 0).ifPresent(builder::quotaBytes);
    Optional.ofNullable(taskTtl).ifPresent(builder::taskTtl);
    if (ip != null) {
      builder.ip(ip);
    }
    preheats.giveTo(builder);
    metrics.giveTo(builder::metricsNetwork);
    tls.giveTo(call.directory(), builder);
    more.accept(builder);
    return builder.build();
  }
}
