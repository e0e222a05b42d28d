package io.dragonfly.examples.server;

import com.google.common.net.HostAndPort;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.dfget.PeerHost;
import io.dragonfly.examples.dfget.PeerSettings;
import io.dragonfly.examples.dfget.RunningFetches;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.Network;
import io.dragonfly.spi.TransportConfig;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/** The peer of a server, which all calls share. A call that wants another one is told so. */
final class ServerPeer implements PeerHost {
  private static final ClientConfig UNSET = ClientConfig.builder().build();

  private final DistributionClient client;
  private final PeerSettings settings;
  private final RunningFetches running = new RunningFetches();

  /**
   * The peer.
   *
   * @param client stays its owner's
   * @param settings what the server works with, times included
   */
  ServerPeer(DistributionClient client, PeerSettings settings) {
    this.client = client;
    this.settings = settings;
  }

  @Override
  public boolean outlivesCalls() {
    return true;
  }

  @Override
  public Lease lend(PeerSettings wanted) {
    check(wanted);
    return new Lease() {
      @Override
      public DistributionClient client() {
        return client;
      }

      @Override
      public RunningFetches running() {
        return running;
      }

      @Override
      public void serveOn() {
        // the server does
      }

      @Override
      public void close() {
        // the server's
      }
    };
  }

  private void check(PeerSettings wanted) {
    ClientConfig its = settings.client();
    ClientConfig asked = wanted.client();
    if (!asked.supernodes().isEmpty() && !asked.supernodes().equals(its.supernodes())) {
      throw differs("node", names(asked.supernodes()), names(its.supernodes()));
    }
    if (asked.ip().isPresent() && !asked.ip().equals(its.ip())) {
      throw differs(
          "ip",
          asked.ip().get().getHostAddress(),
          its.ip().map(ip -> ip.getHostAddress()).orElse(""));
    }
    if (asked.port() != 0 && asked.port() != its.port()) {
      throw differs("port", asked.port(), its.port());
    }
    if (!asked.zone().isEmpty() && !asked.zone().equals(its.zone())) {
      throw differs("zone", asked.zone(), its.zone());
    }
    if (asked.totalRate().isPresent()
        && !asked.totalRate().equals(its.totalRate())
        && !asked.totalRate().equals(client.limits().totalRate())) {
      throw differs(
          "totallimit",
          rate(asked.totalRate().get()),
          client.limits().totalRate().map(ServerPeer::rate).orElse(""));
    }
    checkRoom(asked, its);
    if (!asked.queueTimeout().equals(UNSET.queueTimeout())
        && !asked.queueTimeout().equals(its.queueTimeout())) {
      throw differs(
          "queue-timeout",
          Units.exactTime(asked.queueTimeout()),
          Units.exactTime(its.queueTimeout()));
    }
    if (asked.acceptsPreheats() && !its.acceptsPreheats()) {
      throw differs("allow-preheat", true, false);
    }
    if (!asked.metricsNetworks().isEmpty()
        && !asked.metricsNetworks().equals(its.metricsNetworks())) {
      throw differs(
          "metrics-network", texts(asked.metricsNetworks()), texts(its.metricsNetworks()));
    }
    checkTls(asked.transportConfig(), its.transportConfig());
    checkFile("join-token-file", asked.joinTokenFile(), its.joinTokenFile());
    if (asked.transportConfig().plainPieces() && !its.transportConfig().plainPieces()) {
      throw differs("plain-pieces", true, false);
    }
    check("alivetime", wanted.aliveTime(), settings.aliveTime());
    check("expiretime", wanted.expireTime(), settings.expireTime());
  }

  private static void checkRoom(ClientConfig asked, ClientConfig its) {
    check("reserve-bytes", asked.reserveBytes(), its.reserveBytes());
    check("quota-bytes", asked.quotaBytes(), its.quotaBytes());
    if (!asked.taskTtl().equals(UNSET.taskTtl()) && !asked.taskTtl().equals(its.taskTtl())) {
      throw differs("task-ttl", Units.exactTime(asked.taskTtl()), Units.exactTime(its.taskTtl()));
    }
  }

  private static void checkTls(TransportConfig asked, TransportConfig its) {
    checkFile("tls-cert", asked.tlsCert(), its.tlsCert());
    checkFile("tls-key", asked.tlsKey(), its.tlsKey());
    checkFile("tls-ca", asked.tlsCa(), its.tlsCa());
    checkFile("crl", asked.crl(), its.crl());
    List<String> fingerprints = asked.supernodeFingerprints();
    if (!fingerprints.isEmpty() && !fingerprints.equals(its.supernodeFingerprints())) {
      throw differs(
          "supernode-fingerprint",
          String.join(",", fingerprints),
          String.join(",", its.supernodeFingerprints()));
    }
  }

  private static void checkFile(String name, Optional<Path> asked, Optional<Path> its) {
    if (asked.isPresent() && !asked.equals(its)) {
      throw differs(name, asked.get(), its.map(Path::toString).orElse(""));
    }
  }

  private static void check(String name, OptionalLong asked, OptionalLong its) {
    if (asked.isPresent() && !asked.equals(its)) {
      throw differs(
          name,
          Units.exactSize(asked.getAsLong()),
          its.isPresent() ? Units.exactSize(its.getAsLong()) : "");
    }
  }

  private static void check(String name, Optional<Duration> asked, Optional<Duration> its) {
    if (asked.isPresent() && !asked.equals(its)) {
      throw differs(name, Units.exactTime(asked.get()), Units.exactTime(its.orElseThrow()));
    }
  }

  private static String names(List<InetSocketAddress> addresses) {
    return addresses.stream()
        .map(address -> HostAndPort.fromParts(address.getHostString(), address.getPort()))
        .map(HostAndPort::toString)
        .collect(Collectors.joining(","));
  }

  private static String texts(List<Network> networks) {
    return networks.stream()
        .map(network -> network.base().getHostAddress() + "/" + network.prefix())
        .collect(Collectors.joining(","));
  }

  private static String rate(Rate rate) {
    return Units.exactSize(rate.bytesPerSecond());
  }

  private static IllegalArgumentException differs(String name, Object asked, Object its) {
    String has = String.valueOf(its);
    long pid = ProcessHandle.current().pid();
    return new IllegalArgumentException(
        "--%s is '%s', but the server of this home, process %d, has %s. Leave the flag out, end the server (kill %d), or choose another --home."
            .formatted(name, asked, pid, has.isEmpty() ? "none" : "'" + has + "'", pid));
  }
}
