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
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import okhttp3.tls.HeldCertificate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The CA for interception, and what it has signed: one certificate for each host that was asked
 * for. Safe for concurrent use.
 */
public final class Certificates {
  private static final Logger LOG = LoggerFactory.getLogger(Certificates.class);
  private static final long CA_DAYS = 3650;
  private static final long LEAF_DAYS = 30;
  private static final int MOST_KEPT = 1000;

  private final HeldCertificate ca;
  private final InstantSource clock;

  @GuardedBy("this")
  private final Map<String, Minted> kept = new LinkedHashMap<>(16, 0.75f, true);

  private Certificates(HeldCertificate ca, InstantSource clock) {
    this.ca = ca;
    this.clock = clock;
  }

  private record Minted(SslContext context, Instant end) {}

  /**
   * Reads the CA of a file, or makes one. The file has the key in it and is its owner's alone.
   *
   * @throws IOException if the file cannot be read or written, or is no CA
   */
  public static Certificates open(Path file, InstantSource clock) throws IOException {
    try {
      return new Certificates(read(file), clock);
    } catch (NoSuchFileException e) {
      create(file, clock.instant());
      return new Certificates(read(file), clock);
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
            .commonName("dfdaemon CA " + UUID.randomUUID())
            .validityInterval(now.toEpochMilli(), now.toEpochMilli() + days(CA_DAYS))
            .build();
    Path temporary = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID());
    try {
      Set<OpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      try (var out = Files.newByteChannel(temporary, options, ownerOnly(file))) {
        var pem = US_ASCII.encode(made.privateKeyPkcs8Pem() + made.certificatePem());
        while (pem.hasRemaining()) {
          out.write(pem);
        }
      }
      publish(temporary, file);
    } finally {
      Files.deleteIfExists(temporary);
    }
    LOG.info("A CA for interception was made: {}", file);
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

  private static long days(long count) {
    return TimeUnit.DAYS.toMillis(count);
  }

  /** Returns the CA's certificate, for those who shall trust it. */
  public String pem() {
    return ca.certificatePem();
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

  private Minted mint(String host, Instant now) throws IOException {
    long start = now.toEpochMilli() - days(1); // the client's clock may be late
    HeldCertificate leaf =
        new HeldCertificate.Builder()
            .ecdsa256()
            .signedBy(ca)
            .commonName(host.length() > 64 ? host.substring(0, 64) : host)
            .addSubjectAlternativeName(host)
            .validityInterval(start, start + days(LEAF_DAYS))
            .build();
    SslContext context =
        SslContextBuilder.forServer(
                leaf.keyPair().getPrivate(), leaf.certificate(), ca.certificate())
            .sslProvider(SslProvider.JDK)
            .build();
    return new Minted(context, now.plusMillis(days(LEAF_DAYS) / 2));
  }
}
