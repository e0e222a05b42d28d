package io.dragonfly.examples.command;

import io.dragonfly.error.StorageException;
import io.dragonfly.internal.home.HomeCheck;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.transport.http.SupernodeSockets;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How an operator reaches a supernode, and proves to be one. */
public final class OperatorOptions {
  @Option(
      names = "--home-dir",
      paramLabel = "D",
      description = "Home of the supernode, where its token is. Or --admin-token-file.")
  private @Nullable String homeDir;

  @Option(
      names = "--admin-token-file",
      paramLabel = "FILE",
      description = "The file that the supernode has its token from.")
  private @Nullable String tokenFile;

  @Option(
      names = {"--node", "-n"},
      paramLabel = "HOST[:PORT]",
      description =
          "Where the supernode listens. Default: 127.0.0.1:8002, or [::1]:8002 where there is no"
              + " 127.0.0.1.")
  private @Nullable String node;

  @Mixin private TlsOptions tls = new TlsOptions();

  @Option(
      names = "--supernode-fingerprint",
      split = ",",
      paramLabel = "SHA256",
      description =
          "Fingerprints of which the supernode's certificate must have one. Default: that of the"
              + " certificate in --home-dir. With --admin-token-file this or --tls-ca is needed.")
  private List<String> fingerprints = new ArrayList<>();

  /**
   * Returns calls to the supernode.
   *
   * @param directory where relative paths begin
   * @throws ParameterException if options are missing or wrong
   * @throws StorageException if the token cannot be read
   */
  public OperatorCalls calls(CommandSpec spec, Path directory) {
    Addresses.Node supernode;
    try {
      supernode =
          Addresses.parseNode(
              node == null ? InetAddress.getLoopbackAddress().getHostAddress() : node);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--node: " + e.getMessage(), e);
    }
    String token = token(spec, directory);
    return new OperatorCalls(spec, supernode, token, sockets(spec, directory, supernode));
  }

  /**
   * The token goes to nobody who is not known beforehand, on this machine, too: any of its users
   * may listen at the port while the supernode does not run.
   */
  private SupernodeSockets sockets(CommandSpec spec, Path directory, Addresses.Node supernode) {
    try {
      TransportConfig.Builder builder = TransportConfig.builder();
      tls.giveTo(directory, builder::tlsCert, builder::tlsKey, builder::tlsCa, builder::crl);
      fingerprints.forEach(builder::supernodeFingerprint);
      if (fingerprints.isEmpty() && builder.build().tlsCa().isEmpty()) {
        builder.supernodeFingerprint(ownFingerprint(directory));
      }
      return SupernodeSockets.of(builder.build(), supernode.address());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns what the supernode is known by whose token is in the home. */
  private String ownFingerprint(Path directory) {
    if (homeDir == null) {
      throw new IllegalArgumentException(
          "without --home-dir, say which supernode may get the token: give"
              + " --supernode-fingerprint, which its log has, or --tls-ca");
    }
    try {
      return SupernodeSockets.fingerprintIn(directory.resolve(homeDir));
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "%s: give --supernode-fingerprint, which the supernode's log has, or --tls-ca"
              .formatted(e.getMessage()),
          e);
    }
  }

  private String token(CommandSpec spec, Path directory) {
    if (homeDir == null && tokenFile == null && tls.hasCertificate()) {
      return ""; // the certificate may say that it is an operator's
    }
    if ((homeDir == null) == (tokenFile == null)) {
      throw new ParameterException(
          spec.commandLine(), "give either --home-dir or --admin-token-file");
    }
    Path file =
        tokenFile != null
            ? directory.resolve(tokenFile)
            : directory.resolve(String.valueOf(homeDir)).resolve("admin-token");
    try {
      return tokenFile != null ? Files.readString(file).trim() : tokenOfHome(file);
    } catch (NoSuchFileException e) {
      throw new StorageException(
          tokenFile != null
              ? "There is no file %s. Check --admin-token-file.".formatted(file)
              : "No supernode has been started with the home %s: it holds no admin token. Check --home-dir."
                  .formatted(file.getParent()),
          e);
    } catch (IOException e) {
      throw new StorageException(
          "The token in %s cannot be read: %s. Run this as the user of the supernode."
              .formatted(file, WhyNot.of(e)),
          e);
    }
  }

  /** Whoever writes in a home also chooses the supernode that gets what is read there. */
  private static String tokenOfHome(Path file) throws IOException {
    String refusal = HomeCheck.refusalToRead(Objects.requireNonNull(file.getParent()));
    if (!refusal.isEmpty()) {
      throw new StorageException(refusal);
    }
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).trim();
    }
  }
}
