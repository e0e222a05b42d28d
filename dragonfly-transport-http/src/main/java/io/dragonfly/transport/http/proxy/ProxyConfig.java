package io.dragonfly.transport.http.proxy;

import static java.util.Objects.requireNonNullElse;

import io.dragonfly.spi.Network;
import io.dragonfly.task.ImageName;
import io.dragonfly.task.Trust;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link io.dragonfly.transport.http.ContainerProxy} works. Immutable; made by {@link
 * #builder}. Nothing needs to be set: then it mirrors Docker Hub on 127.0.0.1:65001, and what
 * engines name with {@code ns=}.
 */
public final class ProxyConfig {
  private final InetSocketAddress listen;
  private final URI registry;
  private final List<Upstream> upstreams;
  private final List<ProxyRule> rules;
  private final List<Pattern> intercepted;
  private final Optional<Path> caFile;
  private final Map<String, Trust> trusts;
  private final Set<String> plainHttp;
  private final Optional<Path> dockerConfig;
  private final Duration patience;
  private final Duration answerTimeout;
  private final Duration offlineTtl;
  private final int connections;
  private final int connectionsPerClient;
  private final Set<String> allowedHosts;
  private final List<Network> trustedProxies;
  private final Optional<Supplier<String>> metricsPage;
  private final Map<String, String> environment;

  private ProxyConfig(Builder builder) {
    this.listen = builder.listen;
    this.registry = builder.registry;
    this.upstreams = List.copyOf(builder.upstreams);
    this.rules = List.copyOf(builder.rules);
    this.intercepted = List.copyOf(builder.intercepted);
    this.caFile = Optional.ofNullable(builder.caFile);
    this.trusts = Map.copyOf(builder.trusts);
    this.plainHttp = Set.copyOf(builder.plainHttp);
    this.dockerConfig = Optional.ofNullable(builder.dockerConfig);
    this.patience = builder.patience;
    this.answerTimeout = builder.answerTimeout;
    this.offlineTtl = builder.offlineTtl;
    this.connections = builder.connections;
    this.connectionsPerClient =
        builder.connectionsPerClient == 0
            ? (builder.connections + 1) / 2
            : builder.connectionsPerClient;
    this.allowedHosts = Set.copyOf(builder.allowedHosts);
    this.trustedProxies = List.copyOf(builder.trustedProxies);
    this.metricsPage = Optional.ofNullable(builder.metricsPage);
    this.environment = Map.copyOf(requireNonNullElse(builder.environment, System.getenv()));
  }

  /** Returns a builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns where it listens. */
  public InetSocketAddress listen() {
    return listen;
  }

  /** Returns the registry that is mirrored where a request names no other. */
  public URI registry() {
    return registry;
  }

  /** Returns the registries that are mirrored under a name. */
  public List<Upstream> upstreams() {
    return upstreams;
  }

  /** Returns the rules, in the order in which they are looked at. */
  public List<ProxyRule> rules() {
    return rules;
  }

  /** Returns the expressions for the {@code HOST} or {@code HOST:PORT} whose TLS is intercepted. */
  public List<Pattern> intercepted() {
    return intercepted;
  }

  /** Returns the file with the CA for interception, if one was given. */
  public Optional<Path> caFile() {
    return caFile;
  }

  /** Returns which certificates a host must have, by {@code HOST} or {@code HOST:PORT}. */
  public Map<String, Trust> trusts() {
    return trusts;
  }

  /** Returns the hosts that are asked by http where a request names no scheme. */
  public Set<String> plainHttp() {
    return plainHttp;
  }

  /** Returns docker's config.json with the logins of this proxy, if one was given. */
  public Optional<Path> dockerConfig() {
    return dockerConfig;
  }

  /** Returns how long the swarm may bring no byte that a client waits for. */
  public Duration patience() {
    return patience;
  }

  /** Returns how long a registry may take to connect, to answer, or to bring the next byte. */
  public Duration answerTimeout() {
    return answerTimeout;
  }

  /** Returns how long a registry's answers to everybody are given while it cannot be reached. */
  public Duration offlineTtl() {
    return offlineTtl;
  }

  /** Returns what makes the page of metrics, if it is not the proxy itself. */
  public Optional<Supplier<String>> metricsPage() {
    return metricsPage;
  }

  /** Returns how many connections there may be at once. */
  public int connections() {
    return connections;
  }

  /**
   * Returns how many of them there may be from one client address (one /64 of IPv6; all loopback
   * addresses together).
   */
  public int connectionsPerClient() {
    return connectionsPerClient;
  }

  /** Returns the names by which clients of this machine may address the proxy. */
  public Set<String> allowedHosts() {
    return allowedHosts;
  }

  /** Returns where proxies are that say by the PROXY protocol for whom they connect. */
  public List<Network> trustedProxies() {
    return trustedProxies;
  }

  /** Returns where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are looked up. */
  public Map<String, String> environment() {
    return environment;
  }

  /** Collects settings. Not safe for concurrent use. */
  public static final class Builder {
    private static final int PORT = 65001;
    private static final Pattern HOST =
        Pattern.compile("(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\\[[0-9a-f:.]+])(?::(\\d{1,5}))?");

    private InetSocketAddress listen =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), PORT);
    private URI registry = URI.create("https://index.docker.io");
    private final List<Upstream> upstreams = new ArrayList<>();
    private final List<ProxyRule> rules = new ArrayList<>();
    private final List<Pattern> intercepted = new ArrayList<>();
    private @Nullable Path caFile;
    private final Map<String, Trust> trusts = new HashMap<>();
    private final Set<String> plainHttp = new HashSet<>();
    private @Nullable Path dockerConfig;
    private Duration patience = Duration.ofSeconds(20);
    private Duration answerTimeout = Duration.ofSeconds(30);
    private Duration offlineTtl = Duration.ofHours(1);
    private int connections = 1024;
    private int connectionsPerClient;
    private final Set<String> allowedHosts = new HashSet<>();
    private final List<Network> trustedProxies = new ArrayList<>();
    private @Nullable Supplier<String> metricsPage;
    private @Nullable Map<String, String> environment;

    private Builder() {}

    /** Where it listens, also for upstreams with a port; 127.0.0.1:65001 unless set. */
    public Builder listen(InetSocketAddress address) {
      this.listen = address;
      return this;
    }

    /** The registry that is mirrored where a request names no other; Docker Hub unless set. */
    public Builder registry(URI url) {
      this.registry = url;
      return this;
    }

    /** A registry that is mirrored under a name; may be called many times. */
    public Builder upstream(Upstream upstream) {
      upstreams.add(upstream);
      return this;
    }

    /**
     * A rule; may be called many times, the first that fits holds. Where none does, blobs and
     * manifests by their digest take the swarm, and all else goes directly.
     */
    public Builder rule(ProxyRule rule) {
      rules.add(rule);
      return this;
    }

    /**
     * Hosts whose TLS is intercepted: an expression for a whole {@code HOST} or a whole {@code
     * HOST:PORT}, so that it does not fit the names of other hosts as well. May be called many
     * times; none unless set.
     */
    public Builder intercept(Pattern hosts) {
      intercepted.add(hosts);
      return this;
    }

    /**
     * The CA for interception: a PEM file of key and certificate, made if it is not there. One that
     * was made here is replaced in time; beside it are then {@code FILE.next} with the next one,
     * and {@code FILE.old} with the certificate of the last one.
     */
    public Builder caFile(Path file) {
      this.caFile = file;
      return this;
    }

    /**
     * Which certificates {@code HOST} or {@code HOST:PORT} must have; the platform's unless set.
     * Any name of Docker Hub means its registry.
     *
     * @throws IllegalArgumentException if that is no host
     */
    public Builder trust(String host, Trust trust) {
      trusts.put(ImageName.registryOf(checkHost(host)), trust);
      return this;
    }

    /**
     * A {@code HOST} or {@code HOST:PORT} that is asked by http where none names a scheme.
     *
     * @throws IllegalArgumentException if that is no host
     */
    public Builder plainHttp(String host) {
      plainHttp.add(checkHost(host));
      return this;
    }

    private static String checkHost(String text) {
      String host = text.toLowerCase(Locale.ROOT);
      Matcher matcher = HOST.matcher(host);
      String port = matcher.matches() ? requireNonNullElse(matcher.group(1), "1") : "0";
      if (Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65535) {
        throw new IllegalArgumentException(
            "'%s' is no host: write HOST or HOST:PORT, and nothing else".formatted(text));
      }
      return host;
    }

    /**
     * docker's config.json. Its logins are used for clients that bring no credentials themselves;
     * none unless set.
     */
    public Builder dockerConfig(Path file) {
      this.dockerConfig = file;
      return this;
    }

    /**
     * How long the swarm may bring no byte that a client waits for, before it is read directly; 20
     * s unless set.
     */
    public Builder patience(Duration time) {
      this.patience = time;
      return this;
    }

    /**
     * How long a registry may take to connect, to answer, or to bring the next byte; 30 s unless
     * set.
     */
    public Builder answerTimeout(Duration time) {
      this.answerTimeout = time;
      return this;
    }

    /**
     * How long what a registry answered to requests without credentials is answered in its place
     * while it cannot be reached: about {@code /v2/} and about what a digest names. Zero: never.
     * Blobs and manifests themselves come from the peer, whose {@link
     * io.dragonfly.ClientConfig.Builder#offlineTtl} and that of its supernode hold for them.
     * Default: 1 h.
     */
    public Builder offlineTtl(Duration time) {
      this.offlineTtl = time;
      return this;
    }

    /**
     * Makes what {@code GET /metrics} answers, in the text format of Prometheus, version 0.0.4; may
     * block. The proxy's own counts alone unless set.
     */
    public Builder metricsPage(Supplier<String> page) {
      this.metricsPage = page;
      return this;
    }

    /** How many connections there may be at once; 1024 unless set. */
    public Builder connections(int count) {
      this.connections = count;
      return this;
    }

    /**
     * How many of them there may be from one client address, or from one /64 of IPv6. Further ones
     * are answered with 503 and closed. Half of {@link #connections} unless set.
     */
    public Builder connectionsPerClient(int count) {
      this.connectionsPerClient = count;
      return this;
    }

    /**
     * A name by which clients may address the proxy, in addition to {@code localhost} and
     * addresses; may be called many times. Requests that name another host are refused with 421, on
     * loopback addresses also those that name an address of another kind: a web page can point a
     * name of its own to this machine, and its script would read images with the rights of clients
     * of the proxy (DNS rebinding).
     *
     * @throws IllegalArgumentException if that is no host
     */
    public Builder allowedHost(String name) {
      allowedHosts.add(checkHost(name));
      return this;
    }

    /**
     * The address, or network, of a proxy that is in front of this one and says by the PROXY
     * protocol (version 1 or 2) for whom it connects. Each connection from there must begin with
     * that header; from anywhere else it is an error. May be called many times.
     *
     * @throws IllegalArgumentException if that is no network
     */
    public Builder trustedProxy(String network) {
      trustedProxies.add(Network.parse(network));
      return this;
    }

    /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are looked up; this process's unless set. */
    public Builder environment(Map<String, String> variables) {
      this.environment = variables;
      return this;
    }

    /**
     * Returns the settings.
     *
     * @throws IllegalArgumentException if one is not allowed; the message names it
     */
    public ProxyConfig build() {
      registry = Upstream.checkRegistry(registry);
      Set<String> names = new HashSet<>();
      for (Upstream upstream : upstreams) {
        if (!names.add(upstream.name())) {
          throw new IllegalArgumentException(
              "there are two upstreams with the name " + upstream.name());
        }
      }
      if (!intercepted.isEmpty() && caFile == null) {
        throw new IllegalArgumentException("caFile is not set, but hosts are intercepted");
      }
      if (connections < 1) {
        throw new IllegalArgumentException("connections is %d, must be > 0".formatted(connections));
      }
      if (connectionsPerClient < 0) {
        throw new IllegalArgumentException(
            "connectionsPerClient is %d, must be > 0".formatted(connectionsPerClient));
      }
      if (offlineTtl.isNegative()) {
        throw new IllegalArgumentException("offlineTtl is %s, must be >= 0".formatted(offlineTtl));
      }
      checkPositive("patience", patience);
      checkPositive("answerTimeout", answerTimeout);
      return new ProxyConfig(this);
    }

    private static void checkPositive(String name, Duration duration) {
      if (duration.isZero() || duration.isNegative()) {
        throw new IllegalArgumentException("%s is %s, must be > 0".formatted(name, duration));
      }
    }
  }
}
