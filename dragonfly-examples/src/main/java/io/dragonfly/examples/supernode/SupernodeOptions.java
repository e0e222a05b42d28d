package io.dragonfly.examples.supernode;

import io.dragonfly.SupernodeConfig;
import io.dragonfly.examples.command.Addresses;
import io.dragonfly.examples.command.JoinOptions;
import io.dragonfly.examples.command.MetricsOptions;
import io.dragonfly.examples.command.TlsOptions;
import io.dragonfly.examples.command.TrustedProxyOptions;
import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.command.ZoneOption;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The settings of a supernode that an operator may need. */
final class SupernodeOptions {
  @Option(
      names = "--home-dir",
      paramLabel = "D",
      description = "Directory for the CDN cache and the keys; made if it does not exist.")
  private @Nullable String homeDir;

  @Option(
      names = "--advertise-ip",
      paramLabel = "I",
      split = ",",
      converter = Addresses.IpConverter.class,
      description =
          "Address of this machine that the peers reach; an IPv4 and an IPv6 address if some peers"
              + " have only one of the two.")
  private List<InetAddress> advertiseIps = new ArrayList<>();

  @Option(
      names = "--port",
      defaultValue = "8002",
      paramLabel = "P",
      converter = Addresses.PortConverter.class,
      description = "Port for everything; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Mixin private ZoneOption zone = new ZoneOption();

  @Option(
      names = "--upload-rate",
      paramLabel = "RATE",
      converter = Units.LimitConverter.class,
      description = "Bytes per second that peers get at most, such as 200M. Default: no limit.")
  private Units.Limit uploadRate = Units.Limit.NONE;

  @Option(
      names = "--source-rate",
      paramLabel = "RATE",
      converter = Units.LimitConverter.class,
      description = "Bytes per second that sources give at most, all together. Default: no limit.")
  private Units.Limit sourceRate = Units.Limit.NONE;

  @Option(
      names = "--back-to-source-peers",
      paramLabel = "N",
      converter = Units.CountConverter.class,
      description =
          "How many peers of a task may read its source at once, should the supernode be lost; 0 is"
              + " none. Default: 3.")
  private @Nullable Integer backToSourcePeers;

  @Option(
      names = "--source-concurrency",
      paramLabel = "N",
      converter = Units.CountConverter.class,
      description = "Maximum concurrent requests per source host. Default: 32.")
  private @Nullable Integer sourceConcurrency;

  @Option(
      names = "--reserve-bytes",
      paramLabel = "SIZE",
      converter = Units.SizeConverter.class,
      description =
          "Bytes that stay free on the disk. Default: 5 percent of the disk, at most 256M.")
  private @Nullable Long reserveBytes;

  @Option(
      names = "--quota-bytes",
      paramLabel = "SIZE",
      converter = Units.SizeConverter.class,
      description =
          "Bytes that the CDN cache takes up at most; what was used longest ago makes room."
              + " Default: what the disk has beside the reserve.")
  private @Nullable Long quotaBytes;

  @Option(
      names = "--ring-bytes",
      paramLabel = "SIZE",
      converter = Units.SizeConverter.class,
      description =
          "Memory for files that the disk has no room for: they are passed on, not kept; 0 refuses"
              + " them. Default: 64M.")
  private @Nullable Long ringBytes;

  @Option(
      names = "--task-ttl",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description = "How long a file is kept that nobody uses; 0 is for ever. Default: 7d.")
  private @Nullable Duration taskTtl;

  @Option(
      names = "--source-stall-timeout",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description =
          "How long a source may bring no byte in the middle of a body before it is asked again. To"
              + " connect and to answer it may take three times as long, 30s at most. Default:"
              + " 10s.")
  private @Nullable Duration sourceStallTimeout;

  @Option(
      names = "--source-give-up",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description =
          "How long a read of a source that gets no further is tried again. Default: 60s.")
  private @Nullable Duration sourceGiveUp;

  @Option(
      names = "--admin-token-file",
      paramLabel = "FILE",
      description =
          "File with the token of operators, who may call from anywhere then. Default: one is made"
              + " in the home, for this machine alone.")
  private @Nullable String adminTokenFile;

  @Option(
      names = "--unvalidated-ttl",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description =
          "How long after its read a file without a strong validator can be joined. Default: 10s.")
  private @Nullable Duration unvalidatedTtl;

  @Option(
      names = "--access-ttl",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description =
          "How long a source's answer is believed about a file that is named by its digest. 0: it"
              + " is asked each time. Default: 60s.")
  private @Nullable Duration accessTtl;

  @Option(
      names = "--share-per-address",
      paramLabel = "SHARE",
      converter = Units.ShareConverter.class,
      description =
          "Part of the supernode's connections, memory, peers and tasks that one client address may"
              + " use. Raise it if many peers are behind one, as with NAT. Default: 5"
              + " percent.")
  private @Nullable Double sharePerAddress;

  @Option(
      names = "--offline-ttl",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description =
          "How long a file that its URL names by digest, and that its source gave without a login,"
              + " is given while the source cannot be reached; 0 is never. Default: 1h.")
  private @Nullable Duration offlineTtl;

  @Option(
      names = "--peer-network",
      split = ",",
      paramLabel = "CIDR",
      description =
          "Networks such as 10.0.0.0/8 in which peers may register any address, not only the one"
              + " that they come from. Needs --join-token-file or client certificates.")
  private List<String> peerNetworks = new ArrayList<>();

  @Option(
      names = "--source-allow",
      split = ",",
      paramLabel = "HOSTS",
      description =
          "Sources that are read for other machines although they would not be: networks,"
              + " addresses, host names, or *.example.com.")
  private List<String> sourceAllow = new ArrayList<>();

  @Option(
      names = "--source-deny",
      split = ",",
      paramLabel = "HOSTS",
      description = "Sources that are not read for other machines; * are all names.")
  private List<String> sourceDeny = new ArrayList<>();

  @Mixin private MetricsOptions metrics = new MetricsOptions();
  @Mixin private TrustedProxyOptions proxies = new TrustedProxyOptions();
  @Mixin private TlsOptions tls = new TlsOptions();
  @Mixin private JoinOptions join = new JoinOptions();

  /**
   * Returns the settings.
   *
   * @param more adds what no option says
   * @throws IllegalArgumentException if one is missing or not allowed; the message names it
   */
  SupernodeConfig toConfig(Consumer<SupernodeConfig.Builder> more) {
    if (homeDir == null || homeDir.isEmpty()) {
      throw new IllegalArgumentException(
          "--home-dir is missing: give the directory for the CDN cache and the keys");
    }
    if (advertiseIps.isEmpty()) {
      throw new IllegalArgumentException(
          "--advertise-ip is missing: give the address of this machine that the peers reach");
    }
    if (advertiseIps.size() > 2) {
      throw new IllegalArgumentException(
          "--advertise-ip has %d addresses: give one, or one IPv4 and one IPv6 address"
              .formatted(advertiseIps.size()));
    }
    SupernodeConfig.Builder builder =
        SupernodeConfig.builder()
            .homeDir(Path.of(homeDir))
            .advertiseIp(advertiseIps.get(0))
            .port(port)
            .zone(zone.zone());
    advertiseIps.stream().skip(1).forEach(builder::alsoAdvertiseIp);
    uploadRate.rate().ifPresent(builder::uploadRate);
    sourceRate.rate().ifPresent(builder::sourceRate);
    Optional.ofNullable(backToSourcePeers).ifPresent(builder::backToSourcePeers);
    Optional.ofNullable(sourceConcurrency).ifPresent(builder::sourceConcurrency);
    Optional.ofNullable(reserveBytes).ifPresent(builder::reserveBytes);
    Optional.ofNullable(quotaBytes).filter(bytes -> bytes > 0).ifPresent(builder::quotaBytes);
    Optional.ofNullable(ringBytes).ifPresent(builder::ringBytes);
    Optional.ofNullable(adminTokenFile)
        .filter(file -> !file.isEmpty())
        .map(Path::of)
        .ifPresent(builder::adminTokenFile);
    Optional.ofNullable(taskTtl).ifPresent(builder::taskTtl);
    Optional.ofNullable(sourceStallTimeout).ifPresent(builder::sourceStallTimeout);
    Optional.ofNullable(sourceGiveUp).ifPresent(builder::sourceGiveUp);
    Optional.ofNullable(unvalidatedTtl).ifPresent(builder::unvalidatedTtl);
    Optional.ofNullable(accessTtl).ifPresent(builder::accessTtl);
    Optional.ofNullable(sharePerAddress).ifPresent(builder::sharePerAddress);
    Optional.ofNullable(offlineTtl).ifPresent(builder::offlineTtl);
    peerNetworks.forEach(builder::peerNetwork);
    sourceAllow.forEach(builder::sourceAllow);
    sourceDeny.forEach(builder::sourceDeny);
    metrics.giveTo(builder::metricsNetwork);
    proxies.giveTo(builder::trustedProxy);
    tls.giveTo(Path.of(""), builder::tlsCert, builder::tlsKey, builder::tlsCa, builder::crl);
    join.giveTo(Path.of(""), builder::joinTokenFile, builder::plainPieces);
    more.accept(builder);
    return builder.build();
  }
}
