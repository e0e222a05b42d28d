package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import okhttp3.tls.HeldCertificate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The CA for interception, and what it has signed: one certificate for each host that was asked
 * for. The CA lives a year. Some time before its end the next one is made, with another key, and
 * after a while in which clients can begin to trust it, it takes the place of the first. A CA that
 * an operator has made is left alone. Safe for concurrent use, also by many processes.
 */
public final class Certificates {
  private static final Logger LOG = LoggerFactory.getLogger(Certificates.class);
  private static final String NAME = "dfdaemon CA ";
  private static final Duration CA_LIFE = Duration.ofDays(365);

  /** How long before the end of a CA the next one is made. */
  private static final Duration NOTICE = Duration.ofDays(60);

  /** How long clients have to begin to trust the next CA before it signs. */
  private static final Duration CHANGE = Duration.ofDays(30);

  private static final Duration LEAF_LIFE = Duration.ofDays(30);

  /** A client's clock may be late. */
  private static final Duration LATE = Duration.ofDays(1);

  private static final int MOST_KEPT = 1000;

  private final Path file;
  private final InstantSource clock;

  @GuardedBy("this")
  private HeldCertificate ca;

  @GuardedBy("this")
  private Optional<HeldCertificate> next = Optional.empty();

  @GuardedBy("this")
  private final Map<String, Minted> kept = new LinkedHashMap<>(16, 0.75f, true);

  private Certificates(Path file, InstantSource clock) throws IOException {
    this.file = file;
    this.clock = clock;
    this.ca = readOrCreate(file, clock.instant());
  }

  private record Minted(SslContext context, Instant end) {}

  /**
   * Reads the CA of a file, or makes one. The file has the key in it and is its owner's alone.
   *
   * @throws IOException if the file cannot be read or made, or is no CA
   */
  public static Certificates open(Path file, InstantSource clock) throws IOException {
    Certificates opened = new Certificates(file, clock);
    opened.renewIfPossible();
    return opened;
  }

  private static HeldCertificate readOrCreate(Path file, Instant now) throws IOException {
    try {
      return read(file);
    } catch (NoSuchFileException e) {
      create(file, now);
      return read(file);
    }
  }

  private static HeldCertificate read(Path file) throws IOException {
    String pem = Files.readString(file, US_ASCII);
    try {
      HeldCertificate read = HeldCertificate.decode(pem);
      if (read.certificate().getBasicConstraints() < 0) {
        throw new IllegalArgumentException("its certificate is not that of a CA");
      }
      return read;
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "%s is no CA (%s): give a PEM file with one key and its certificate"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  private static void create(Path file, Instant now) throws IOException {
    HeldCertificate made =
        new HeldCertificate.Builder()
            .ecdsa256()
            .certificateAuthority(0)
            .commonName(NAME + UUID.randomUUID())
            .validityInterval(
                now.minus(LATE).toEpochMilli(), now.minus(LATE).plus(CA_LIFE).toEpochMilli())
            .build();
    Path temporary = write(file, made.privateKeyPkcs8Pem() + made.certificatePem());
    try {
      publish(temporary, file);
    } finally {
      Files.deleteIfExists(temporary);
    }
    LOG.info("A CA for interception was made: {}", file);
  }

  /** Writes a file beside another one, for its owner alone; returns its name. */
  private static Path write(Path beside, String pem) throws IOException {
    Path temporary = beside.resolveSibling(beside.getFileName() + "." + UUID.randomUUID());
    Set<OpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    boolean isWhole = false;
    try (var out = Files.newByteChannel(temporary, options, ownerOnly(beside))) {
      var bytes = US_ASCII.encode(pem);
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      isWhole = true;
    } finally {
      if (!isWhole) {
        Files.deleteIfExists(temporary);
      }
    }
    return temporary;
  }

  /** Where two start at once, the first one's is taken by both. */
  private static void publish(Path temporary, Path file) throws IOException {
    try {
      Files.createLink(file, temporary);
    } catch (FileAlreadyExistsException e) {
      LOG.debug("another process has made {}", file);
    } catch (UnsupportedOperationException | AtomicMoveNotSupportedException e) {
      Files.move(temporary, file);
    }
  }

  private static FileAttribute<?>[] ownerOnly(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  private Path sibling(String suffix) {
    return file.resolveSibling(file.getFileName() + suffix);
  }

  private static Instant end(HeldCertificate of) {
    return of.certificate().getNotAfter().toInstant();
  }

  /** Makes the next CA, and has it sign, when it is time; more than once after a long pause. */
  private synchronized void renew() throws IOException {
    boolean isChanged = true;
    while (isChanged && !clock.instant().isBefore(end(ca).minus(NOTICE))) {
      isChanged = change(clock.instant());
    }
  }

  /** In a directory that cannot be written, the CA that is there signs until its end. */
  private synchronized void renewIfPossible() {
    try {
      renew();
    } catch (IOException e) {
      LOG.warn(
          "The CA for interception {} ends on {} and cannot be replaced: {}",
          file,
          end(ca),
          e.toString());
    }
  }

  /** Returns whether another CA signs from now on. */
  @GuardedBy("this")
  private boolean change(Instant now) throws IOException {
    HeldCertificate there = readOrCreate(file, now);
    if (!there.certificate().equals(ca.certificate())) { // by another process
      take(there);
      return true;
    }
    if (!ca.certificate().getSubjectX500Principal().getName().startsWith("CN=" + NAME)) {
      LOG.warn("The CA {} ends on {}. Replace it before.", file, end(ca));
      return false;
    }
    boolean isNew = next.isEmpty();
    HeldCertificate following = readOrCreate(sibling(".next"), now);
    next = Optional.of(following);
    Instant made = following.certificate().getNotBefore().toInstant().plus(LATE);
    Instant from = made.plus(CHANGE).isBefore(end(ca)) ? made.plus(CHANGE) : end(ca);
    if (now.isBefore(from)) {
      if (isNew) {
        LOG.warn(
            "The CA for interception {} ends on {}. The next one signs from {} on: before that,"
                + " have clients trust both that 'dfdaemon ca' prints.",
            file,
            end(ca),
            from);
      }
      return false;
    }
    Path old = write(file, ca.certificatePem()); // to find it where it is trusted; its key goes
    Files.move(old, sibling(".old"), StandardCopyOption.REPLACE_EXISTING);
    try {
      Files.move(sibling(".next"), file, StandardCopyOption.REPLACE_EXISTING);
    } catch (NoSuchFileException e) {
      return true; // another process was faster: its CA is to be read
    }
    LOG.warn("The CA for interception {} is a new one. Clients need not trust the old one.", file);
    take(following);
    return true;
  }

  @GuardedBy("this")
  private void take(HeldCertificate other) {
    ca = other;
    next = Optional.empty();
    kept.clear();
  }

  /**
   * Returns the CA's certificate, for those who shall trust it; then, if there is one, that of the
   * CA that will take its place.
   */
  public synchronized String pem() {
    return ca.certificatePem() + next.map(HeldCertificate::certificatePem).orElse("");
  }

  /** Returns TLS with a certificate for this host, and no other. */
  synchronized SslContext of(String host) throws IOException {
    Instant now = clock.instant();
    Minted minted = kept.get(host);
    if (minted == null || now.isAfter(minted.end())) {
      minted = mint(host, now);
      kept.put(host, minted);
      if (kept.size() > MOST_KEPT) {
        kept.remove(kept.keySet().iterator().next());
      }
    }
    return minted.context();
  }

  @GuardedBy("this")
  private Minted mint(String host, Instant now) throws IOException {
    renewIfPossible();
    if (!now.isBefore(end(ca))) {
      throw new IOException(
          "the CA for interception %s ended on %s, replace it".formatted(file, end(ca)));
    }
    HeldCertificate leaf = sign(host, now);
    SslContext context =
        SslContextBuilder.forServer(
                leaf.keyPair().getPrivate(), leaf.certificate(), ca.certificate())
            .sslProvider(SslProvider.JDK)
            .build();
    Instant end = now.plus(LEAF_LIFE.dividedBy(2));
    return new Minted(context, end.isBefore(end(leaf)) ? end : end(leaf));
  }

  @GuardedBy("this")
  private HeldCertificate sign(String host, Instant now) {
    Instant start = now.minus(LATE);
    Instant end = start.plus(LEAF_LIFE).isBefore(end(ca)) ? start.plus(LEAF_LIFE) : end(ca);
    return new HeldCertificate.Builder()
        .ecdsa256()
        .signedBy(ca)
        .commonName(host.length() > 64 ? host.substring(0, 64) : host)
        .addSubjectAlternativeName(host)
        .validityInterval(start.toEpochMilli(), end.toEpochMilli())
        .build();
  }
}
