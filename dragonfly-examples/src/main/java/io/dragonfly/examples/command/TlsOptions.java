package io.dragonfly.examples.command;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a process proves itself with, and whom it trusts: the same for peers and supernodes. */
public final class TlsOptions {
  @Option(
      names = "--tls-cert",
      paramLabel = "FILE",
      description =
          "PEM file with the certificate of this machine, followed by those above it. Read again"
              + " when it changes.")
  private @Nullable String tlsCert;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      description = "PEM file with the key of --tls-cert (PKCS #8, not encrypted).")
  private @Nullable String tlsKey;

  @Option(
      names = "--tls-ca",
      paramLabel = "FILE",
      description =
          "PEM file with the certificates that those of others must be signed by. With --tls-cert"
              + " all connections are over TLS and both sides are checked.")
  private @Nullable String tlsCa;

  /** Gives the files that were named to a builder; relative ones begin in a directory. */
  public void giveTo(
      Path directory, Consumer<Path> cert, Consumer<Path> key, Consumer<Path> authorities) {
    file(directory, tlsCert).ifPresent(cert);
    file(directory, tlsKey).ifPresent(key);
    file(directory, tlsCa).ifPresent(authorities);
  }

  private static Optional<Path> file(Path directory, @Nullable String name) {
    return name == null || name.isEmpty() ? Optional.empty() : Optional.of(directory.resolve(name));
  }
}
