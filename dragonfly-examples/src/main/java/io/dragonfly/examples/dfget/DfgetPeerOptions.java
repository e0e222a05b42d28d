package io.dragonfly.examples.dfget;

import io.dragonfly.ClientConfig;
import io.dragonfly.examples.command.Addresses;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.PeerOptions;
import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.command.ZoneOption;
import io.dragonfly.examples.thin.DataDirectoryFinder;
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
  /** The settings that no configuration file has, each with the reason and what to do. */
  public static final Map<String, String> NOT_IN_FILES =
      Map.of(
          "home",
          "is not for a configuration file, since a data directory belongs to one user: use --home"
              + " or DRAGONFLY_HOME");

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

  @Mixin private ZoneOption zone = new ZoneOption();

  @Option(
      names = "--totallimit",
      paramLabel = "RATE",
      converter = Units.LimitConverter.class,
      description =
          "Bytes per second of this host in each direction, all its peers together, such as 100M."
              + " Default: no limit.")
  private Units.Limit totalLimit = Units.Limit.NONE;

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

  @Mixin private PeerOptions peer = new PeerOptions();

  /** Returns the defaults that depend on the call. */
  public static Map<String, String> defaults(Call call) {
    try {
      return Map.of(
          "home", DataDirectoryFinder.of(call.arguments(), call.directory().toString()).getPath());
    } catch (IOException e) {
      return Map.of(); // an empty one, which is said elsewhere
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
  PeerSettings toSettings(Call call, Path otherHome, Consumer<ClientConfig.Builder> more) {
    return toSettings(call, Optional.of(otherHome), more);
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
    ClientConfig.Builder builder =
        ClientConfig.builder().shareHostLimit(true).port(port).zone(zone.zone());
    builder.supernodes(Addresses.inOrder(nodes));
    totalLimit.rate().ifPresent(builder::totalRate);
    directory.ifPresent(builder::home);
    if (ip != null) {
      builder.ip(ip);
    }
    peer.giveTo(call.directory(), builder);
    more.accept(builder);
    return builder.build();
  }
}
