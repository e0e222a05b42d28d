package io.dragonfly;

import static com.google.common.base.Preconditions.checkArgument;

import io.dragonfly.control.SupernodeListener;
import io.dragonfly.internal.access.ChildAddresses;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.HostRules;
import io.dragonfly.spi.Network;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.TransportConfig;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * How a {@link Supernode} works. Immutable; made by {@link #builder}. Nothing needs to be set.
 *
 * <p>A plug-in (transport, storage, scheduler, rate limiter, source) is chosen by its name or given
 * as an instance. An instance is used by one supernode at a time and stays its giver's: the
 * supernode does not close it.
 */
public final class SupernodeConfig extends NodeConfig {
  private final Optional<Path> homeDir;
  private final OptionalInt port;
  private final InetAddress advertiseIp;
  private final Optional<InetAddress> alsoAdvertiseIp;
  private final long ringBytes;
  private final Optional<Path> adminTokenFile;
  private final Optional<Rate> sourceRate;
  private final int backToSourcePeers;
  private final int sourceConcurrency;
  private final Duration sourceGiveUp;
  private final Duration workingLease;
  private final Duration seedingLease;
  private final Duration unvalidatedTtl;
  private final Duration accessTtl;
  private final double sharePerAddress;
  private final Duration offlineTtl;
  private final List<Network> peerNetworks;
  private final HostRules sourceHosts;
  private final SupernodeListener listener;
  private final PluginRef<Scheduler> scheduler;

  private SupernodeConfig(Builder builder) {
    super(builder);
    this.homeDir = builder.homeDir;
    this.port = builder.port;
    this.advertiseIp = builder.advertiseIp;
    this.alsoAdvertiseIp = builder.alsoAdvertiseIp;
    this.ringBytes = builder.ringBytes;
    this.adminTokenFile = builder.adminTokenFile;
    this.sourceRate = builder.sourceRate;
    this.backToSourcePeers = builder.backToSourcePeers;
    this.sourceConcurrency = builder.sourceConcurrency;
    this.sourceGiveUp = builder.sourceGiveUp;
    this.workingLease = builder.workingLease;
    this.seedingLease = builder.seedingLease;
    this.unvalidatedTtl = builder.unvalidatedTtl;
    this.accessTtl = builder.accessTtl;
    this.sharePerAddress = builder.sharePerAddress;
    this.offlineTtl = builder.offlineTtl;
    this.sourceHosts = HostRules.of(builder.sourceAllow, builder.sourceDeny);
    this.peerNetworks = builder.peerNetworks.stream().map(Network::parse).toList();
    this.listener = builder.listener;
    this.scheduler = builder.scheduler;
  }

  /** A supernode for this process alone, with its home in the user's cache directory. */
  public static SupernodeConfig defaults() {
    return builder().build();
  }

  /** Returns a builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the home directory, if one was given. */
  public Optional<Path> homeDir() {
    return homeDir;
  }

  /** Returns the port to listen on; empty for none at all, 0 for one that the system chooses. */
  public OptionalInt port() {
    return port;
  }

  /** Returns the address that peers find the supernode's CDN cache at. */
  public InetAddress advertiseIp() {
    return advertiseIp;
  }

  /** Returns the address of the other family, IPv4 or IPv6, for peers that have that one. */
  public Optional<InetAddress> alsoAdvertiseIp() {
    return alsoAdvertiseIp;
  }

  /** Returns the memory for tasks that the disk has no room for; 0 for none. */
  public long ringBytes() {
    return ringBytes;
  }

  /** Returns the file with the token of operators, if one was given. */
  public Optional<Path> adminTokenFile() {
    return adminTokenFile;
  }

  /** Returns the rate that sources are read with at most, if there is a limit. */
  public Optional<Rate> sourceRate() {
    return sourceRate;
  }

  /** Returns how many peers of a task may read its source themselves at the same time. */
  public int backToSourcePeers() {
    return backToSourcePeers;
  }

  /** Returns how many questions to one source host may be in flight. */
  public int sourceConcurrency() {
    return sourceConcurrency;
  }

  /** Returns how long a read that gets no further is resumed before it is given up. */
  public Duration sourceGiveUp() {
    return sourceGiveUp;
  }

  /** Returns how long a peer that wants something may be silent before it is gone. */
  public Duration workingLease() {
    return workingLease;
  }

  /** Returns how long a peer that only gives may be silent before it is gone. */
  public Duration seedingLease() {
    return seedingLease;
  }

  /** Returns how long after its read a version without a strong validator can be joined. */
  public Duration unvalidatedTtl() {
    return unvalidatedTtl;
  }

  /** Returns how long the source's answer about a content named by a digest is believed. */
  public Duration accessTtl() {
    return accessTtl;
  }

  /** Returns the part of each of the supernode's totals that one client address may use. */
  public double sharePerAddress() {
    return sharePerAddress;
  }

  /** Returns how long what a source gave to everybody is given while it cannot be reached. */
  public Duration offlineTtl() {
    return offlineTtl;
  }

  /** Returns which sources are read on behalf of other machines. */
  public HostRules sourceHosts() {
    return sourceHosts;
  }

  List<Network> peerNetworks() {
    return peerNetworks;
  }

  /** Returns what sees every step. */
  public SupernodeListener listener() {
    return listener;
  }

  PluginRef<Scheduler> scheduler() {
    return scheduler;
  }

  /** Collects settings. Not safe for concurrent use. */
  public static final class Builder extends NodeConfig.Builder<Builder> {
    private Optional<Path> homeDir = Optional.empty();
    private OptionalInt port = OptionalInt.empty();
    private InetAddress advertiseIp = InetAddress.getLoopbackAddress();
    private Optional<InetAddress> alsoAdvertiseIp = Optional.empty();
    private long ringBytes = 64L << 20;
    private Optional<Path> adminTokenFile = Optional.empty();
    private Optional<Rate> sourceRate = Optional.empty();
    private int backToSourcePeers = 3;
    private int sourceConcurrency = 32;
    private Duration sourceGiveUp = Duration.ofSeconds(60);
    private Duration workingLease = Duration.ofSeconds(15);
    private Duration seedingLease = Duration.ofSeconds(90);
    private Duration unvalidatedTtl = Duration.ofSeconds(10);
    private Duration accessTtl = Duration.ofSeconds(60);
    private double sharePerAddress = ServeRequest.DEFAULT_SHARE;
    private Duration offlineTtl = Duration.ofHours(1);
    private final List<String> peerNetworks = new ArrayList<>();
    private final List<String> sourceAllow = new ArrayList<>();
    private final List<String> sourceDeny = new ArrayList<>();
    private SupernodeListener listener = SupernodeListener.NONE;
    private PluginRef<Scheduler> scheduler = PluginRef.named("planned");

    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /**
     * Where the supernode keeps its cache and keys. One that another process uses is an error;
     * unless set it is in the user's cache directory, or a numbered one beside it if that is taken.
     * It must belong to the user of this process, and no other user may be able to write to it or
     * to replace it: else the start fails with a {@code StorageException} that says what to change.
     */
    public Builder homeDir(Path directory) {
      this.homeDir = Optional.of(directory);
      return this;
    }

    /**
     * Which port to listen on, 0 for one that the system chooses. Unless set the supernode opens no
     * socket and serves this process alone. It listens on the loopback address if {@link
     * #advertiseIp} is one, else on all addresses.
     */
    public Builder port(int number) {
      this.port = OptionalInt.of(number);
      return this;
    }

    /**
     * The address that peers find the supernode's CDN cache at; the loopback address unless set.
     */
    public Builder advertiseIp(InetAddress address) {
      this.advertiseIp = address;
      return this;
    }

    /**
     * An address of the same machine of the other family, IPv4 or IPv6. Peers that call from an
     * address of that family find the CDN cache there. Default: none, so peers that have that
     * family alone cannot take pieces from the supernode.
     */
    public Builder alsoAdvertiseIp(InetAddress address) {
      this.alsoAdvertiseIp = Optional.of(address);
      return this;
    }

    /**
     * How many bytes the cache takes up at most; as many as the disk has beside {@link
     * #reserveBytes} unless set. Where room is missing, tasks that were used longest ago are given
     * up, but none that a peer wants or that is pinned.
     */
    public Builder quotaBytes(long bytes) {
      this.quotaBytes = OptionalLong.of(bytes);
      return this;
    }

    /**
     * How many bytes of memory pieces take up of tasks that the disk has no room for; 64 MiB unless
     * set. Such a task is read all the same, and each piece is kept only until peers have it. With
     * 0 it fails with {@link io.dragonfly.error.NoSpaceException}.
     */
    public Builder ringBytes(long bytes) {
      this.ringBytes = bytes;
      return this;
    }

    /**
     * A file with the token that operators show, at least 16 characters. Then they may call from
     * other machines too. Unless set the token is made by the supernode, in the file {@code
     * admin-token} of its home, and is good on this machine alone.
     */
    public Builder adminTokenFile(Path file) {
      this.adminTokenFile = Optional.of(file);
      return this;
    }

    /**
     * The rate that all sources together are read with at most, 1 KiB/s at least; no limit unless
     * set.
     */
    public Builder sourceRate(Rate rate) {
      this.sourceRate = Optional.of(rate);
      return this;
    }

    /**
     * How many peers of a task may read its source themselves at the same time, should the
     * supernode be lost; 3 unless set, 0 for never.
     */
    public Builder backToSourcePeers(int peers) {
      this.backToSourcePeers = peers;
      return this;
    }

    /** Maximum concurrent requests per source host. Default: 32. */
    public Builder sourceConcurrency(int requests) {
      this.sourceConcurrency = requests;
      return this;
    }

    /** How long a read that gets no further is resumed before it is given up; 60 s unless set. */
    public Builder sourceGiveUp(Duration time) {
      this.sourceGiveUp = time;
      return this;
    }

    /** How long a peer that wants something may be silent before it is gone; 15 s unless set. */
    public Builder workingLease(Duration lease) {
      this.workingLease = lease;
      return this;
    }

    /** How long a peer that only gives may be silent before it is gone; 90 s unless set. */
    public Builder seedingLease(Duration lease) {
      this.seedingLease = lease;
      return this;
    }

    /**
     * How long after its read a version without a strong validator can still be joined; 10 s unless
     * set.
     */
    public Builder unvalidatedTtl(Duration time) {
      this.unvalidatedTtl = time;
      return this;
    }

    /**
     * How long the source's answer is believed for the same credentials and a content named by a
     * digest; 60 s unless set. With zero, as for all other contents, the source is asked at each
     * registration.
     */
    public Builder accessTtl(Duration time) {
      this.accessTtl = time;
      return this;
    }

    /**
     * The part of each total that the clients of one address may use: connections, TLS handshakes,
     * request bodies, peers, tasks, zones, bytes of headers, complaints. An address is one IPv4
     * address or one /64 of IPv6. Above it they get {@link io.dragonfly.error.BusyException};
     * handshakes wait. 0.05 unless set; raise it if many peers are behind one address, as with NAT.
     * Each peer on this machine counts as an address of its own.
     *
     * @param share more than 0, at most 1
     */
    public Builder sharePerAddress(double share) {
      this.sharePerAddress = share;
      return this;
    }

    /**
     * How long a file that is named by a digest is given to everybody while its source cannot be
     * reached, after the source has last given it to a request without credentials. Zero: never.
     * Default: 1 h.
     */
    public Builder offlineTtl(Duration time) {
      this.offlineTtl = time;
      return this;
    }

    /**
     * Lets peers register any address in a network such as {@code 10.0.0.0/8}, not only the one
     * that they come from; for peers behind address translation. Only those may that have proved
     * the {@link #joinTokenFile} or a certificate that {@link #tlsCa} has signed. May be called
     * repeatedly.
     */
    public Builder peerNetwork(String network) {
      this.peerNetworks.add(network);
      return this;
    }

    /** What sees every step; nothing unless set. */
    public Builder listener(SupernodeListener listening) {
      this.listener = listening;
      return this;
    }

    /**
     * Lets everybody in a network such as {@code 10.0.0.0/8} read the metrics, too. Otherwise they
     * are given on this machine, and to operators who show their token. May be called repeatedly.
     */
    public Builder metricsNetwork(String network) {
      this.metricsNetworks.add(network);
      return this;
    }

    /**
     * The address, or network, of a proxy in front of this supernode, such as a sidecar, which says
     * by the PROXY protocol (version 1 or 2) for whom it connects. Each connection from there must
     * begin with that header; from anywhere else it is an error. Without this all clients of a
     * proxy on this machine would look like this machine. May be called repeatedly.
     */
    public Builder trustedProxy(String network) {
      this.transportConfig.trustedProxy(Network.parse(network));
      return this;
    }

    /**
     * A PEM file with this supernode's certificate, followed by those above it; one of its own
     * making unless set. With {@link #tlsKey} and {@link #tlsCa} everybody must prove who it is,
     * and pieces go over TLS, too. Read again when it changes.
     */
    public Builder tlsCert(Path file) {
      this.transportConfig.tlsCert(file);
      return this;
    }

    /**
     * A PEM file with the certificates that the certificates of those who call must be signed by,
     * so that nobody else may. Read again when it changes.
     */
    public Builder tlsCa(Path file) {
      this.transportConfig.tlsCa(file);
      return this;
    }

    /**
     * Lets other machines have sources read for them that are not read otherwise, such as those on
     * this machine, or that {@link #sourceDeny} names: a network such as {@code 10.0.0.0/8}, an
     * address, a host name, or {@code *.example.com} for all names below. A name says nothing about
     * the addresses that it leads to. May be called repeatedly.
     */
    public Builder sourceAllow(String hosts) {
      this.sourceAllow.add(hosts);
      return this;
    }

    /**
     * Keeps sources from being read for other machines, written as for {@link #sourceAllow}; {@code
     * *} are all names. May be called repeatedly.
     */
    public Builder sourceDeny(String hosts) {
      this.sourceDeny.add(hosts);
      return this;
    }

    /** The transport by name; {@code http} unless set. Needed only if a port is set. */
    public Builder transport(String name) {
      this.transport = PluginRef.named(name);
      return this;
    }

    /** The scheduler by name; {@code planned} unless set. */
    public Builder scheduler(String name) {
      this.scheduler = PluginRef.named(name);
      return this;
    }

    /** The scheduler. */
    public Builder scheduler(Scheduler instance) {
      this.scheduler = PluginRef.of(instance);
      return this;
    }

    private void checkOther(InetAddress other) {
      checkArgument(
          !other.isAnyLocalAddress()
              && !other.isMulticastAddress()
              && !ChildAddresses.isSameFamily(other, advertiseIp),
          "advertiseIp is %s and %s, must be one IPv4 and one IPv6 address of one host",
          advertiseIp.getHostAddress(),
          other.getHostAddress());
      checkArgument(
          !other.isLoopbackAddress() && !advertiseIp.isLoopbackAddress(),
          "advertiseIp is %s and %s: a supernode for this machine alone has one address",
          advertiseIp.getHostAddress(),
          other.getHostAddress());
    }

    /**
     * Returns the settings.
     *
     * @throws IllegalArgumentException if one is not allowed; the message names it
     */
    public SupernodeConfig build() {
      int number = port.orElse(0);
      checkHome("homeDir", homeDir);
      checkArgument(number >= 0 && number <= 65535, "port is %s, must be 0 to 65535", number);
      checkArgument(
          !advertiseIp.isAnyLocalAddress() && !advertiseIp.isMulticastAddress(),
          "advertiseIp is %s, must be the address of one host",
          advertiseIp.getHostAddress());
      alsoAdvertiseIp.ifPresent(this::checkOther);
      TransportConfig tls = transportConfig.build();
      checkArgument(
          tls.tlsCa().isEmpty() || tls.tlsCert().isPresent(),
          "tlsCa is set without tlsCert: set that, too, so that the supernode can prove who it is");
      checkShared("tlsCert, tlsKey, tlsCa, crl, plainPieces and trustedProxy");
      checkArgument(ringBytes >= 0, "ringBytes is %s, must be >= 0", ringBytes);
      sourceRate.ifPresent(rate -> rate.checkLimit("sourceRate"));
      checkArgument(
          backToSourcePeers >= 0, "backToSourcePeers is %s, must be >= 0", backToSourcePeers);
      checkArgument(
          sourceConcurrency > 0, "sourceConcurrency is %s, must be > 0", sourceConcurrency);
      checkPositive("sourceGiveUp", sourceGiveUp);
      checkPositive("workingLease", workingLease);
      checkPositive("seedingLease", seedingLease);
      checkArgument(
          !unvalidatedTtl.isNegative(), "unvalidatedTtl is %s, must be >= 0", unvalidatedTtl);
      checkArgument(!accessTtl.isNegative(), "accessTtl is %s, must be >= 0", accessTtl);
      checkArgument(
          sharePerAddress > 0 && sharePerAddress <= 1,
          "sharePerAddress is %s, must be > 0 and <= 1",
          sharePerAddress);
      checkArgument(!offlineTtl.isNegative(), "offlineTtl is %s, must be >= 0", offlineTtl);
      return new SupernodeConfig(this);
    }
  }
}
