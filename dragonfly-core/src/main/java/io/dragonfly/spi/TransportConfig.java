package io.dragonfly.spi;

import static com.google.common.base.Preconditions.checkArgument;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a transport is told when it is made: where its own files are, and whom it trusts. Immutable;
 * settings may be added. Nothing needs to be set.
 */
public final class TransportConfig {
  private static final Pattern FINGERPRINT = Pattern.compile("sha256:[0-9a-f]{64}");

  private final Optional<Path> home;
  private final Optional<Path> tlsCert;
  private final Optional<Path> tlsKey;
  private final Optional<Path> tlsCa;
  private final Optional<Path> crl;
  private final List<String> supernodeFingerprints;
  private final List<Network> trustedProxies;
  private final boolean joining;
  private final boolean plainPieces;

  private TransportConfig(Builder builder) {
    this.home = builder.home;
    this.tlsCert = builder.tlsCert;
    this.tlsKey = builder.tlsKey;
    this.tlsCa = builder.tlsCa;
    this.crl = builder.crl;
    this.supernodeFingerprints = List.copyOf(builder.supernodeFingerprints);
    this.trustedProxies = List.copyOf(builder.trustedProxies);
    this.joining = builder.joining;
    this.plainPieces = builder.plainPieces;
  }

  /** Returns a builder with nothing set. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the directory for the transport's own files; without one it remembers nothing. */
  public Optional<Path> home() {
    return home;
  }

  /** Returns the PEM file with the own certificate and those above it. */
  public Optional<Path> tlsCert() {
    return tlsCert;
  }

  /** Returns the PEM file with the own key. */
  public Optional<Path> tlsKey() {
    return tlsKey;
  }

  /** Returns the PEM file with the certificates of those whom others are trusted by. */
  public Optional<Path> tlsCa() {
    return tlsCa;
  }

  /** Returns the file with the lists of certificates that are revoked. */
  public Optional<Path> crl() {
    return crl;
  }

  /** Returns the fingerprints of which a supernode's certificate must have one; empty for any. */
  public List<String> supernodeFingerprints() {
    return supernodeFingerprints;
  }

  /** Returns where proxies are that say by the PROXY protocol for whom they connect. */
  public List<Network> trustedProxies() {
    return trustedProxies;
  }

  /**
   * Tells whether supernodes prove a join token: then one whose certificate nothing else vouches
   * for is known by that proof, and not by the certificate that it showed first.
   */
  public boolean isJoining() {
    return joining;
  }

  /**
   * Tells whether pieces are given over TLS alone, with a certificate of one's own making that
   * takers are told of: in a fleet with a join token, unless {@link Builder#plainPieces} is set.
   * Where {@link #isMutual}, certificates are those that are set.
   */
  public boolean protectsPieces() {
    return joining && !plainPieces && !isMutual();
  }

  /** Tells whether pieces are given in plain in a fleet with a join token, too. */
  public boolean plainPieces() {
    return plainPieces;
  }

  /** Tells whether everybody proves to everybody who it is: pieces, too, go over TLS then. */
  public boolean isMutual() {
    return tlsCert.isPresent() && tlsCa.isPresent();
  }

  /** Tells whether nothing is set, the home aside. */
  public boolean isDefault() {
    return tlsCert.isEmpty()
        && tlsCa.isEmpty()
        && crl.isEmpty()
        && supernodeFingerprints.isEmpty()
        && trustedProxies.isEmpty()
        && !plainPieces;
  }

  /** Returns the same settings with a directory for the transport's own files. */
  public TransportConfig withHome(Path directory) {
    Builder builder = builder().home(directory);
    builder.tlsCert = tlsCert;
    builder.tlsKey = tlsKey;
    builder.tlsCa = tlsCa;
    builder.crl = crl;
    builder.supernodeFingerprints.addAll(supernodeFingerprints);
    builder.trustedProxies.addAll(trustedProxies);
    builder.joining = joining;
    builder.plainPieces = plainPieces;
    return builder.build();
  }

  /** Collects settings. Not safe for concurrent use. */
  public static final class Builder {
    private Optional<Path> home = Optional.empty();
    private Optional<Path> tlsCert = Optional.empty();
    private Optional<Path> tlsKey = Optional.empty();
    private Optional<Path> tlsCa = Optional.empty();
    private Optional<Path> crl = Optional.empty();
    private final List<String> supernodeFingerprints = new ArrayList<>();
    private final List<Network> trustedProxies = new ArrayList<>();
    private boolean joining;
    private boolean plainPieces;

    private Builder() {}

    /** The directory for the transport's own files, which no other process uses. */
    public Builder home(Path directory) {
      this.home = Optional.of(directory);
      return this;
    }

    /** A PEM file with the own certificate, followed by those above it. */
    public Builder tlsCert(Path file) {
      this.tlsCert = Optional.of(file);
      return this;
    }

    /** A PEM file with the own key (PKCS #8, not encrypted). */
    public Builder tlsKey(Path file) {
      this.tlsKey = Optional.of(file);
      return this;
    }

    /** A PEM file with the certificates that others' certificates must be signed by. */
    public Builder tlsCa(Path file) {
      this.tlsCa = Optional.of(file);
      return this;
    }

    /**
     * A PEM or DER file with the revocation lists of those who sign: others' certificates must be
     * in none of them, and each authority must have one. Read again when it changes.
     */
    public Builder crl(Path file) {
      this.crl = Optional.of(file);
      return this;
    }

    /**
     * A fingerprint that a supernode's certificate may have: {@code sha256:} and 64 hexadecimal
     * digits. May be called repeatedly.
     */
    public Builder supernodeFingerprint(String fingerprint) {
      this.supernodeFingerprints.add(fingerprint);
      return this;
    }

    /** Whether supernodes prove a join token before they are told anything; not unless set. */
    public Builder joining(boolean proves) {
      this.joining = proves;
      return this;
    }

    /** Whether pieces are given in plain in a fleet with a join token, too; not unless set. */
    public Builder plainPieces(boolean plain) {
      this.plainPieces = plain;
      return this;
    }

    /**
     * Proxies in a network say by the PROXY protocol for whom they connect, and are believed. Each
     * connection from there must begin with its header. May be called repeatedly.
     */
    public Builder trustedProxy(Network network) {
      this.trustedProxies.add(network);
      return this;
    }

    /**
     * Returns the settings.
     *
     * @throws IllegalArgumentException if they do not fit together; the message names one
     */
    public TransportConfig build() {
      checkArgument(
          tlsCert.isPresent() == tlsKey.isPresent(),
          "tlsCert and tlsKey belong together: set both or none");
      for (String each : supernodeFingerprints) {
        checkArgument(
            FINGERPRINT.matcher(each).matches(),
            "supernodeFingerprint is '%s', must be sha256: and 64 hexadecimal digits in lower case",
            each);
      }
      checkArgument(
          crl.isEmpty() || tlsCa.isPresent(),
          "crl is set without tlsCa: set that, too, whose certificates it revokes");
      checkArgument(
          tlsCa.isEmpty() || supernodeFingerprints.isEmpty(),
          "supernodeFingerprint and tlsCa exclude each other: set one");
      checkArgument(
          !plainPieces || tlsCert.isEmpty() || tlsCa.isEmpty(),
          "plainPieces does not go with tlsCert and tlsCa, with which everything is over TLS: leave"
              + " it out");
      return new TransportConfig(this);
    }
  }
}
