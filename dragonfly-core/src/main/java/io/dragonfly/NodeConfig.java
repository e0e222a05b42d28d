package io.dragonfly;

import static com.google.common.base.Preconditions.checkArgument;

import io.dragonfly.rate.Rate;
import io.dragonfly.spi.Network;
import io.dragonfly.spi.RateLimiterProvider;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.Transport;
import io.dragonfly.spi.TransportConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * What is set for everybody that pieces are taken from: clients and supernodes alike read sources,
 * keep tasks on a disk and give pieces to others. Users see these settings as those of {@link
 * ClientConfig} and {@link SupernodeConfig}, where the ones are that only one of them has, or whose
 * meaning differs.
 */
abstract sealed class NodeConfig permits ClientConfig, SupernodeConfig {
  private final String zone;
  private final OptionalLong reserveBytes;
  private final OptionalLong quotaBytes;
  private final Duration taskTtl;
  private final Optional<Rate> uploadRate;
  private final Duration sourceStallTimeout;
  private final Optional<Supplier<String>> metricsPage;
  private final List<Network> metricsNetworks;
  private final PluginRef<Transport> transport;
  private final TransportConfig transportConfig;
  private final Optional<Path> joinTokenFile;
  private final PluginRef<Storage> storage;
  private final PluginRef<RateLimiterProvider> rateLimiter;
  private final Map<String, Source> sources;

  NodeConfig(Builder<?> builder) {
    this.zone = builder.zone;
    this.reserveBytes = builder.reserveBytes;
    this.quotaBytes = builder.quotaBytes;
    this.taskTtl = builder.taskTtl;
    this.uploadRate = builder.uploadRate;
    this.sourceStallTimeout = builder.sourceStallTimeout;
    this.metricsPage = builder.metricsPage;
    this.metricsNetworks = builder.metricsNetworks.stream().map(Network::parse).toList();
    this.transport = builder.transport;
    this.transportConfig = builder.transportConfig.build();
    this.joinTokenFile = builder.joinTokenFile;
    this.storage = builder.storage;
    this.rateLimiter = builder.rateLimiter;
    this.sources = Map.copyOf(builder.sources);
  }

  /** Returns the zone; empty if it is not said. */
  public String zone() {
    return zone;
  }

  /**
   * Returns the bytes that stay free on the disk; empty for the default, which depends on the disk.
   */
  public OptionalLong reserveBytes() {
    return reserveBytes;
  }

  /** Returns the bytes that the kept tasks take up at most, if there is a quota. */
  public OptionalLong quotaBytes() {
    return quotaBytes;
  }

  /** Returns how long a task is kept that nobody uses; zero for ever. */
  public Duration taskTtl() {
    return taskTtl;
  }

  /** Returns the rate of all that is given to others, if there is a limit. */
  public Optional<Rate> uploadRate() {
    return uploadRate;
  }

  /** Returns how long a source may bring no byte in the middle of a body. */
  public Duration sourceStallTimeout() {
    return sourceStallTimeout;
  }

  /** Returns what makes the page of metrics, if there is one. */
  public Optional<Supplier<String>> metricsPage() {
    return metricsPage;
  }

  /** Returns the networks in which everybody may read the metrics. */
  public List<Network> metricsNetworks() {
    return metricsNetworks;
  }

  /** Returns whom the transport trusts and what it proves itself with; it has no home yet. */
  public TransportConfig transportConfig() {
    return transportConfig;
  }

  /** Returns the file with the fleet's join token, if one was given. */
  public Optional<Path> joinTokenFile() {
    return joinTokenFile;
  }

  PluginRef<Transport> transport() {
    return transport;
  }

  PluginRef<Storage> storage() {
    return storage;
  }

  PluginRef<RateLimiterProvider> rateLimiter() {
    return rateLimiter;
  }

  Map<String, Source> sources() {
    return sources;
  }

  /**
   * Collects settings. Those that mean the same to clients and supernodes have their methods here;
   * the others are set by the builders that users see.
   *
   * @param <B> the builder that users see. It has no bound, so that compiled methods return an
   *     {@code Object}: users' code could not link to a method that returns a class it cannot see
   */
  abstract static sealed class Builder<B> permits ClientConfig.Builder, SupernodeConfig.Builder {
    OptionalLong quotaBytes = OptionalLong.empty();
    final List<String> metricsNetworks = new ArrayList<>();
    PluginRef<Transport> transport = PluginRef.named("http");
    final TransportConfig.Builder transportConfig = TransportConfig.builder();

    private String zone = "";
    private Optional<Path> joinTokenFile = Optional.empty();
    private OptionalLong reserveBytes = OptionalLong.empty();
    private Duration taskTtl = Duration.ofDays(7);
    private Optional<Rate> uploadRate = Optional.empty();
    private Duration sourceStallTimeout = Duration.ofSeconds(10);
    private Optional<Supplier<String>> metricsPage = Optional.empty();
    private PluginRef<Storage> storage = PluginRef.named("disk");
    private PluginRef<RateLimiterProvider> rateLimiter = PluginRef.named("bucket4j");
    private final Map<String, Source> sources = new HashMap<>();

    Builder() {}

    abstract B self();

    /** The zone: traffic inside is cheap, across is dear. None unless set. */
    public B zone(String name) {
      this.zone = name;
      return self();
    }

    /** How many bytes stay free on the disk. Default: 5 % of the disk, at most 256 MiB. */
    public B reserveBytes(long bytes) {
      this.reserveBytes = OptionalLong.of(bytes);
      return self();
    }

    /** How long a task that nobody uses is kept, whole or not; 7 days unless set, zero for ever. */
    public B taskTtl(Duration time) {
      this.taskTtl = time;
      return self();
    }

    /** The rate of all that is given to others, 1 KiB/s at least; no limit unless set. */
    public B uploadRate(Rate rate) {
      this.uploadRate = Optional.of(rate);
      return self();
    }

    /**
     * How long a source may bring no byte in the middle of a body before it is asked again; 10 s
     * unless set. To connect and to answer it may take three times as long, 30 s at most.
     */
    public B sourceStallTimeout(Duration timeout) {
      this.sourceStallTimeout = timeout;
      return self();
    }

    /**
     * Makes what {@code GET /metrics} answers, in the text format of Prometheus, version 0.0.4,
     * such as a registry that a {@code MicrometerListener} counts in. Called on a thread of its
     * own, by one at a time; may block. There is no such page unless set.
     */
    public B metricsPage(Supplier<String> page) {
      this.metricsPage = Optional.of(page);
      return self();
    }

    /** A PEM file with the key of {@code tlsCert} (PKCS #8, not encrypted). */
    public B tlsKey(Path file) {
      this.transportConfig.tlsKey(file);
      return self();
    }

    /**
     * A PEM or DER file with the revocation lists of {@code tlsCa}. Whose certificate is in one is
     * refused, also on connections that are open, and so is everybody whose authority has no valid
     * list in the file. Read again when it changes; none unless set.
     */
    public B crl(Path file) {
      this.transportConfig.crl(file);
      return self();
    }

    /**
     * A file with the fleet's join token: at least 32 characters without blanks, the same for all
     * its supernodes and peers. A supernode takes calls of those peers alone that prove to have it,
     * and peers send their secret, URLs and credentials to no supernode that does not prove it
     * first. The token itself is never sent. A second line may hold another token that is accepted,
     * too, for the time in which it is changed. Read again when it changes. Default: none.
     */
    public B joinTokenFile(Path file) {
      this.joinTokenFile = Optional.of(file);
      this.transportConfig.joining(true);
      return self();
    }

    /**
     * Whether pieces are given in plain in a fleet with a join token, too: they cost less processor
     * time, and whoever is on the way can read them. Not unless set: then they are given over TLS
     * alone. Without a join token, and without certificates of one's own, they are plain anyway.
     */
    public B plainPieces(boolean plain) {
      this.transportConfig.plainPieces(plain);
      return self();
    }

    /** The transport. */
    public B transport(Transport instance) {
      this.transport = PluginRef.of(instance);
      return self();
    }

    /** The storage by name; {@code disk} unless set. */
    public B storage(String name) {
      this.storage = PluginRef.named(name);
      return self();
    }

    /** The storage. */
    public B storage(Storage instance) {
      this.storage = PluginRef.of(instance);
      return self();
    }

    /** The rate limiter by name; {@code bucket4j} unless set. */
    public B rateLimiter(String name) {
      this.rateLimiter = PluginRef.named(name);
      return self();
    }

    /** What makes the limiters. */
    public B rateLimiter(RateLimiterProvider instance) {
      this.rateLimiter = PluginRef.of(instance);
      return self();
    }

    /** The source for a URL scheme; one that is on the class path unless set. */
    public B source(String scheme, Source instance) {
      this.sources.put(scheme.toLowerCase(Locale.ROOT), instance);
      return self();
    }

    /** Checks what is set here; {@code tlsSettings} names those that go into the transport. */
    final void checkShared(String tlsSettings) {
      checkArgument(
          transportConfig.build().isDefault() || transport.instance().isEmpty(),
          "%s are for a transport that is chosen by its name: set them where the instance is made",
          tlsSettings);
      reserveBytes.ifPresent(
          bytes -> checkArgument(bytes >= 0, "reserveBytes is %s, must be >= 0", bytes));
      quotaBytes.ifPresent(
          bytes -> checkArgument(bytes > 0, "quotaBytes is %s, must be > 0", bytes));
      checkArgument(!taskTtl.isNegative(), "taskTtl is %s, must be >= 0", taskTtl);
      uploadRate.ifPresent(rate -> rate.checkLimit("uploadRate"));
      checkPositive("sourceStallTimeout", sourceStallTimeout);
    }

    /** An empty path is the working directory, where nobody expects a home. */
    static void checkHome(String name, Optional<Path> directory) {
      boolean isEmpty = directory.map(Path::toString).filter(String::isEmpty).isPresent();
      checkArgument(!isEmpty, "%s is empty, must be a directory", name);
    }

    static void checkPositive(String name, Duration duration) {
      checkArgument(
          !duration.isZero() && !duration.isNegative(), "%s is %s, must be > 0", name, duration);
    }
  }
}
