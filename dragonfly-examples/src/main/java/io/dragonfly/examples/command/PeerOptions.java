package io.dragonfly.examples.command;

import io.dragonfly.ClientConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * What every peer may be told that outlives a call: what it keeps, whom it answers and trusts. The
 * same for {@code dfget} and {@code dfdaemon}.
 */
public final class PeerOptions {
  @Option(
      names = "--reserve-bytes",
      paramLabel = "SIZE",
      converter = Units.SizeConverter.class,
      description =
          "Bytes that stay free on the disk of the home."
              + " Default: 5 percent of the disk, at most 256M.")
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

  @Option(
      names = "--queue-timeout",
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description =
          "How long a fetch may wait in a queue without a byte, such as behind other downloads from"
              + " its source. Default: 1h.")
  private @Nullable Duration queueTimeout;

  @Option(
      names = "--allow-preheat",
      arity = "0..1",
      fallbackValue = "true",
      paramLabel = "true|false",
      description =
          "Fetch what operators of the supernodes want this host to have before anybody here asks.")
  private boolean allowPreheat;

  @Mixin private MetricsOptions metrics = new MetricsOptions();
  @Mixin private TlsOptions tls = new TlsOptions();
  @Mixin private JoinOptions join = new JoinOptions();

  @Option(
      names = "--supernode-fingerprint",
      split = ",",
      paramLabel = "SHA256",
      description =
          "Fingerprints of which the certificate of a supernode must have one, as its log gives it."
              + " Default: the one that it showed first, if it is another machine.")
  private List<String> supernodeFingerprints = new ArrayList<>();

  /**
   * Gives what was said to a builder; relative files begin in a directory.
   *
   * @throws IllegalArgumentException if a file that was named is not there
   */
  public void giveTo(Path directory, ClientConfig.Builder builder) {
    Optional.ofNullable(reserveBytes).ifPresent(builder::reserveBytes);
    Optional.ofNullable(quotaBytes).filter(bytes -> bytes > 0).ifPresent(builder::quotaBytes);
    Optional.ofNullable(taskTtl).ifPresent(builder::taskTtl);
    Optional.ofNullable(queueTimeout).ifPresent(builder::queueTimeout);
    builder.acceptsPreheats(allowPreheat);
    metrics.giveTo(builder::metricsNetwork);
    tls.giveTo(directory, builder::tlsCert, builder::tlsKey, builder::tlsCa, builder::crl);
    join.giveTo(directory, builder::joinTokenFile, builder::plainPieces);
    supernodeFingerprints.forEach(builder::supernodeFingerprint);
  }
}
