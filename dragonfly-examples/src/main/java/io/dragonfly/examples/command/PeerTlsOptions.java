package io.dragonfly.examples.command;

import io.dragonfly.ClientConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a peer proves itself with, and what it knows supernodes by. */
public final class PeerTlsOptions {
  @Mixin private TlsOptions tls = new TlsOptions();

  @Option(
      names = "--supernode-fingerprint",
      split = ",",
      paramLabel = "SHA256",
      description =
          "Fingerprints of which the certificate of a supernode must have one, as its log gives it."
              + " Default: the one that it showed first, if it is another machine.")
  private List<String> supernodeFingerprints = new ArrayList<>();

  /** Gives what was said to a builder; relative files begin in a directory. */
  public void giveTo(Path directory, ClientConfig.Builder builder) {
    tls.giveTo(directory, builder::tlsCert, builder::tlsKey, builder::tlsCa);
    supernodeFingerprints.forEach(builder::supernodeFingerprint);
  }
}
