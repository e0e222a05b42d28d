package io.dragonfly.examples.command;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the peers and supernodes of a fleet know each other by: the same for both. */
public final class JoinOptions {
  @Option(
      names = "--join-token-file",
      paramLabel = "FILE",
      description =
          "File with the join token, the same on all machines of the fleet: only peers that have it"
              + " are served, and only supernodes that have it are told anything. It is never sent."
              + " Read again when it changes. Default: none.")
  private @Nullable String joinTokenFile;

  @Option(
      names = "--plain-pieces",
      arity = "0..1",
      fallbackValue = "true",
      paramLabel = "true|false",
      description =
          "Give pieces in plain, though there is a join token: that costs less processor time, and"
              + " whoever is on the way can read them. Without a token, and without --tls-cert and"
              + " --tls-ca, they are plain anyway.")
  private boolean plainPieces;

  /**
   * Gives what was said to a builder; a relative file begins in a directory.
   *
   * @throws IllegalArgumentException if there is no such file
   */
  public void giveTo(Path directory, Consumer<Path> token, Consumer<Boolean> plain) {
    TlsOptions.file(directory, "--join-token-file", joinTokenFile).ifPresent(token);
    plain.accept(plainPieces);
  }
}
