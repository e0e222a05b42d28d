package io.dragonfly.examples.command;

import java.nio.file.Files;
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

  @Option(
      names = "--crl",
      paramLabel = "FILE",
      description =
          "PEM or DER file with the revocation lists of --tls-ca: whose certificate is in one is"
              + " refused. Read again when it changes.")
  private @Nullable String crl;

  /** Tells whether a certificate is given that may prove a role. */
  boolean hasCertificate() {
    return tlsCert != null && !tlsCert.isEmpty();
  }

  /**
   * Gives the files that were named to a builder; relative ones begin in a directory.
   *
   * @throws IllegalArgumentException if there is no such file
   */
  public void giveTo(
      Path directory,
      Consumer<Path> cert,
      Consumer<Path> key,
      Consumer<Path> authorities,
      Consumer<Path> revocations) {
    file(directory, "--tls-cert", tlsCert).ifPresent(cert);
    file(directory, "--tls-key", tlsKey).ifPresent(key);
    file(directory, "--tls-ca", tlsCa).ifPresent(authorities);
    file(directory, "--crl", crl).ifPresent(revocations);
  }

  /** Looked at even where nothing would use it: who names a file means it to be there. */
  static Optional<Path> file(Path directory, String option, @Nullable String name) {
    if (name == null || name.isEmpty()) {
      return Optional.empty();
    }
    Path file = directory.resolve(name);
    if (!Files.exists(file)) {
      throw new IllegalArgumentException("%s: there is no file %s".formatted(option, file));
    }
    return Optional.of(file);
  }
}
