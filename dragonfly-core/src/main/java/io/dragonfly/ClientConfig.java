package io.dragonfly;

import static com.google.common.base.Preconditions.checkArgument;

import io.dragonfly.fetch.FetchListener;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.TransportConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How a {@link DistributionClient} works. Immutable; made by {@link #builder}. Nothing needs to be
 * set: a client without a supernode reads sources itself.
 *
 * <p>A plug-in (transport, storage, rate limiter, source) is chosen by its name or given as an
 * instance. An instance is used by one client at a time and stays its giver's: the client does not
 * close it.
 */
public final class ClientConfig extends NodeConfig {
  private final Optional<Path> home;
  private final Optional<Supernode> supernode;
  private final List<InetSocketAddress> supernodes;
  private final Optional<InetAddress> ip;
  private final int port;
  private final boolean acceptsPreheats;
  private final long bufferBytes;
  private final Optional<Rate> downloadRate;
  private final boolean shareHostLimit;
  private final Optional<Rate> totalRate;
  private final Optional<Path> limitDir;
  private final Duration stallTimeout;
  private final Duration dropTimeout;
  private final Duration backToSourceDelay;
  private final Duration noProgressTimeout;
  private final Duration queueTimeout;
  private final Duration offlineTtl;
  private final FetchListener listener;

  private ClientConfig(Builder builder) {
    super(builder);
    this.home = builder.home;
    this.supernode = builder.supernode;
    this.supernodes = builder.supernodes;
    this.ip = builder.ip;
    this.port = builder.port;
    this.acceptsPreheats = builder.acceptsPreheats;
    this.bufferBytes = builder.bufferBytes;
    this.downloadRate = builder.downloadRate;
    this.shareHostLimit = builder.shareHostLimit;
    this.totalRate = builder.totalRate;
    this.limitDir = builder.limitDir;
    this.stallTimeout = builder.stallTimeout;
    this.dropTimeout = builder.dropTimeout;
    this.backToSourceDelay = builder.backToSourceDelay;
    this.noProgressTimeout = builder.noProgressTimeout;
    this.queueTimeout = builder.queueTimeout;
    this.offlineTtl = builder.offlineTtl;
    this.listener = builder.listener;
  }

  /** A client that reads sources itself, with its home in the user's cache directory. */
  public static ClientConfig defaults() {
    return builder().build();
  }

  /** Returns a builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the home directory, if one was given. */
  public Optional<Path> home() {
    return home;
  }

  /** Returns the supernode in this process, if there is one. */
  public Optional<Supernode> supernode() {
    return supernode;
  }

  /** Returns the addresses of other supernodes. */
  public List<InetSocketAddress> supernodes() {
    return supernodes;
  }

  /** Returns the address to serve on and to call from, if one was given. */
  public Optional<InetAddress> ip() {
    return ip;
  }

  /** Returns the port to serve on; 0 for one that the system chooses. */
  public int port() {
    return port;
  }

  /** Returns whether it fetches what operators of its supernodes want it to have. */
  public boolean acceptsPreheats() {
    return acceptsPreheats;
  }

  /** Returns the bytes of memory for what waits for the disk. */
  public long bufferBytes() {
    return bufferBytes;
  }

  /** Returns the rate of all that this client fetches over the network, if there is a limit. */
  public Optional<Rate> downloadRate() {
    return downloadRate;
  }

  /**
   * Returns whether this client takes part in the host limit, also without a {@link #totalRate}.
   */
  public boolean shareHostLimit() {
    return shareHostLimit;
  }

  /** Returns the rate of this host in each direction, if this client sets one. */
  public Optional<Rate> totalRate() {
    return totalRate;
  }

  /** Returns the directory of the host limit, if it was set. */
  public Optional<Path> limitDir() {
    return limitDir;
  }

  /** Returns how long a parent may give no byte while another one could be asked. */
  public Duration stallTimeout() {
    return stallTimeout;
  }

  /** Returns how long a parent may give no byte at all. */
  public Duration dropTimeout() {
    return dropTimeout;
  }

  /** Returns how long a supernode is lost before the source is read. */
  public Duration backToSourceDelay() {
    return backToSourceDelay;
  }

  /** Returns how long a fetch may bring nothing before it fails. */
  public Duration noProgressTimeout() {
    return noProgressTimeout;
  }

  /** Returns how long a fetch may wait in a queue without a byte before it fails. */
  public Duration queueTimeout() {
    return queueTimeout;
  }

  /** Returns how long what a source gave to everybody is fetched while it cannot be reached. */
  public Duration offlineTtl() {
    return offlineTtl;
  }

  /** Returns what sees every step. */
  public FetchListener listener() {
    return listener;
  }

  /** Collects settings. Not safe for concurrent use. */
  public static final class Builder extends NodeConfig.Builder<Builder> {
    private Optional<Path> home = Optional.empty();
    private Optional<Supernode> supernode = Optional.empty();
    private List<InetSocketAddress> supernodes = List.of();
    private Optional<InetAddress> ip = Optional.empty();
    private int port;
    private boolean acceptsPreheats;
    private long bufferBytes = 32L << 20;
    private Optional<Rate> downloadRate = Optional.empty();
    private boolean shareHostLimit;
    private Optional<Rate> totalRate = Optional.empty();
    private Optional<Path> limitDir = Optional.empty();
    private Duration stallTimeout = Duration.ofSeconds(2);
    private Duration dropTimeout = Duration.ofSeconds(5);
    private Duration backToSourceDelay = Duration.ofSeconds(5);
    private Duration noProgressTimeout = Duration.ofSeconds(60);
    private Duration queueTimeout = Duration.ofHours(1);
    private Duration offlineTtl = Duration.ZERO;
    private FetchListener listener = FetchListener.NONE;

    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    /**
     * Where the client keeps pieces and its secret. One that another process uses is an error;
     * unless set it is in the user's cache directory, or a numbered one beside it if that is taken.
     * It must belong to the user of this process, and no other user may be able to write to it or
     * to replace it: else the start fails with a {@code StorageException} that says what to change.
     */
    public Builder home(Path directory) {
      this.home = Optional.of(directory);
      return this;
    }

    /** A supernode in this process. It is asked first, and outlives the client. */
    public Builder supernode(Supernode local) {
      this.supernode = Optional.of(local);
      return this;
    }

    /** Supernodes elsewhere; none unless set. Which one is asked first depends on the content. */
    public Builder supernodes(List<InetSocketAddress> addresses) {
      this.supernodes = List.copyOf(addresses);
      return this;
    }

    /**
     * The address to serve on and to call from. Unless set it is the one that reaches the first of
     * the {@link #supernodes}, or the loopback address if there is none.
     */
    public Builder ip(InetAddress address) {
      this.ip = Optional.of(address);
      return this;
    }

    /** The port to serve on; one that the system chooses unless set. */
    public Builder port(int number) {
      this.port = number;
      return this;
    }

    /**
     * Whether it fetches, into its home, what operators of its supernodes want it to have before
     * somebody here asks for it; not unless set.
     */
    public Builder acceptsPreheats(boolean takes) {
      this.acceptsPreheats = takes;
      return this;
    }

    /**
     * How many bytes the home's tasks take up at most; as many as the disk has beside {@link
     * #reserveBytes} unless set. Where room is missing, tasks that were used longest ago are
     * removed from the home, but none that a fetch wants or somebody reads; outputs stay.
     */
    public Builder quotaBytes(long bytes) {
      this.quotaBytes = OptionalLong.of(bytes);
      return this;
    }

    /** How many bytes may wait in memory for the disk; 32 MiB unless set, and never less. */
    public Builder bufferBytes(long bytes) {
      this.bufferBytes = bytes;
      return this;
    }

    /**
     * The rate of all that this client fetches over the network, from peers, supernodes and
     * sources, 1 KiB/s at least; no limit unless set.
     */
    public Builder downloadRate(Rate rate) {
      this.downloadRate = Optional.of(rate);
      return this;
    }

    /**
     * Whether this client takes part in the host limit: the lowest rate that a process of the host
     * has set, such as with {@code dfget limit}, holds for the client, too. Default: false. The
     * commands {@code dfget} and {@code dfdaemon} always take part.
     */
    public Builder shareHostLimit(boolean share) {
      this.shareHostLimit = share;
      return this;
    }

    /**
     * The rate of the whole host, at least 1 KiB/s: of all downloads over the network together, and
     * again of all uploads. A client with this rate takes part in the host limit, also without
     * {@link #shareHostLimit}. The lowest rate that a running process of the host has set holds for
     * all that take part. Default: none.
     */
    public Builder totalRate(Rate rate) {
      this.totalRate = Optional.of(rate);
      return this;
    }

    /**
     * The directory of the file by which processes share the host limit. Default: one in the host's
     * memory. Clients with different directories have limits of their own.
     */
    public Builder limitDir(Path directory) {
      this.limitDir = Optional.of(directory);
      return this;
    }

    /** How long a parent may give no byte while another one could be asked; 2 s unless set. */
    public Builder stallTimeout(Duration timeout) {
      this.stallTimeout = timeout;
      return this;
    }

    /** How long a parent may give no byte before its piece is taken elsewhere; 5 s unless set. */
    public Builder dropTimeout(Duration timeout) {
      this.dropTimeout = timeout;
      return this;
    }

    /** How long a supernode is lost before the source is read, if it may be; 5 s unless set. */
    public Builder backToSourceDelay(Duration delay) {
      this.backToSourceDelay = delay;
      return this;
    }

    /**
     * How long a fetch may bring nothing before it fails; 60 s unless set. The time for which the
     * fetch is queued does not count: see {@link #queueTimeout}.
     */
    public Builder noProgressTimeout(Duration timeout) {
      this.noProgressTimeout = timeout;
      return this;
    }

    /**
     * How long a fetch may wait in a queue without a byte before it fails; 1 h unless set. A fetch
     * is queued while its supernode reports so, such as behind other downloads from its source.
     */
    public Builder queueTimeout(Duration timeout) {
      this.queueTimeout = timeout;
      return this;
    }

    /**
     * How long a file that is named by a digest is fetched from the data directory while its source
     * cannot be reached, after the source has last given it to a request of this client without
     * credentials. Default: zero, which is never.
     */
    public Builder offlineTtl(Duration time) {
      this.offlineTtl = time;
      return this;
    }

    /** What sees every step; nothing unless set. */
    public Builder listener(FetchListener listening) {
      this.listener = listening;
      return this;
    }

    /**
     * Lets everybody in a network such as {@code 10.0.0.0/8} read the metrics, too. Otherwise they
     * are given on this machine alone. May be called repeatedly.
     */
    public Builder metricsNetwork(String network) {
      this.metricsNetworks.add(network);
      return this;
    }

    /**
     * A PEM file with this client's certificate, followed by those above it. With {@link #tlsKey}
     * and {@link #tlsCa} everybody must prove who it is, and pieces go over TLS, too. Read again
     * when it changes.
     */
    public Builder tlsCert(Path file) {
      this.transportConfig.tlsCert(file);
      return this;
    }

    /**
     * A PEM file with the certificates that the certificates of supernodes and peers must be signed
     * by. Read again when it changes.
     */
    public Builder tlsCa(Path file) {
      this.transportConfig.tlsCa(file);
      return this;
    }

    /**
     * A fingerprint that a supernode's certificate may have: {@code sha256:} and 64 hexadecimal
     * digits, as the supernode logs it. Unless set, and without {@link #tlsCa}, a supernode on
     * another machine is known by the certificate that it showed first. May be called repeatedly.
     */
    public Builder supernodeFingerprint(String fingerprint) {
      this.transportConfig.supernodeFingerprint(fingerprint);
      return this;
    }

    /** The transport by name; {@code http} unless set. Needed only where there is a supernode. */
    public Builder transport(String name) {
      this.transport = PluginRef.named(name);
      return this;
    }

    /**
     * Returns the settings.
     *
     * @throws IllegalArgumentException if one is not allowed; the message names it
     */
    public ClientConfig build() {
      checkHome("home", home);
      checkArgument(port >= 0 && port <= 65535, "port is %s, must be 0 to 65535", port);
      checkArgument(
          ip.isEmpty() || !(ip.get().isAnyLocalAddress() || ip.get().isMulticastAddress()),
          "ip is %s, must be the address of one host",
          ip.map(InetAddress::getHostAddress).orElse(""));
      TransportConfig tls = transportConfig.build();
      checkArgument(
          tls.tlsCert().isEmpty() || tls.tlsCa().isPresent(),
          "tlsCert is set without tlsCa: set that, too, so that others can prove who they are");
      checkShared("tlsCert, tlsKey, tlsCa, crl, plainPieces and supernodeFingerprint");
      checkArgument(
          bufferBytes >= 32L << 20, "bufferBytes is %s, must be >= 33554432", bufferBytes);
      downloadRate.ifPresent(rate -> rate.checkLimit("downloadRate"));
      totalRate.ifPresent(rate -> rate.checkLimit("totalRate"));
      checkPositive("stallTimeout", stallTimeout);
      checkPositive("dropTimeout", dropTimeout);
      checkPositive("backToSourceDelay", backToSourceDelay);
      checkPositive("noProgressTimeout", noProgressTimeout);
      checkPositive("queueTimeout", queueTimeout);
      checkArgument(!offlineTtl.isNegative(), "offlineTtl is %s, must be >= 0", offlineTtl);
      return new ClientConfig(this);
    }
  }
}
