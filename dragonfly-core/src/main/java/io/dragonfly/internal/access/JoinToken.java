package io.dragonfly.internal.access;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.JoinProof;
import io.dragonfly.control.JoinRequest;
import io.dragonfly.control.JoinResponse;
import io.dragonfly.error.StorageException;
import io.dragonfly.peer.PeerId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The secret that all peers and supernodes of a fleet have in a file. Each side proves to the other
 * that it has it, and never sends it. A proof is an HMAC-SHA256 over the nonces of both sides and
 * the supernode's certificate, so it is worth nothing on another connection: who stands in between
 * shows another certificate.
 *
 * <p>The file has one token or two. The first is the one that proofs are made with, and both are
 * accepted, so that a fleet can change its token one machine after the other: {@code OLD, NEW} on
 * all machines, then {@code NEW, OLD} on all, then {@code NEW}. The file is looked at again at most
 * once a second, by who uses the token or else by {@link #lookedAtBy a timer}. One that cannot be
 * used changes nothing, and is read again until it can. Safe for concurrent use.
 */
public final class JoinToken {
  private static final Logger LOG = LoggerFactory.getLogger(JoinToken.class);

  /** Whoever reaches a supernode gets a proof to try guesses on, so the token must be no word. */
  private static final int LEAST_CHARACTERS = 32;

  private static final int MOST_TOKENS = 2;
  private static final long MOST_BYTES = 4096;
  private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();
  private static final String SUPERNODE = "dragonfly join supernode";
  private static final String PEER = "dragonfly join peer";

  private final Path file;
  private final LongSupplier nanos;

  private volatile List<SecretKeySpec> keys;

  /** Set if users of the token leave it to somebody else to look at the file. */
  private volatile boolean isLookedAt;

  @GuardedBy("this")
  private Object stamp;

  /** Why the file could not be read last; empty if it could. */
  @GuardedBy("this")
  private String failure = "";

  @GuardedBy("this")
  private long lookedNanos;

  private JoinToken(Path file, LongSupplier nanos) throws IOException {
    this.file = file;
    this.nanos = nanos;
    this.stamp = stamp(file);
    this.keys = read(file);
    this.lookedNanos = nanos.getAsLong();
  }

  /**
   * The token in a file.
   *
   * @param nanos monotonic nanoseconds
   * @throws StorageException if it cannot be read, or does not hold one or two tokens
   */
  public static JoinToken ofFile(Path file, LongSupplier nanos) {
    try {
      return new JoinToken(file, nanos);
    } catch (IOException e) {
      throw new StorageException(
          "The join token in %s cannot be read: %s. Check the path and its mode."
              .formatted(file, WhyNot.of(e)),
          e);
    }
  }

  private static List<SecretKeySpec> read(Path file) throws IOException {
    if (Files.size(file) > MOST_BYTES) {
      throw malformed(file);
    }
    List<String> lines =
        Files.readString(file, StandardCharsets.ISO_8859_1).lines().map(String::strip).toList();
    List<String> tokens = lines.stream().filter(line -> !line.isEmpty()).toList();
    if (tokens.isEmpty()
        || tokens.size() > MOST_TOKENS
        || tokens.stream().anyMatch(token -> !isToken(token))) {
      throw malformed(file);
    }
    if (isReadByOthers(file)) {
      LOG.warn(
          "The join token in {} can be read by every user of this machine: change its mode to 0640"
              + " or 0600",
          file);
    }
    return tokens.stream()
        .map(token -> new SecretKeySpec(token.getBytes(StandardCharsets.US_ASCII), "HmacSHA256"))
        .toList();
  }

  private static boolean isToken(String text) {
    return text.length() >= LEAST_CHARACTERS && text.chars().noneMatch(c -> c <= ' ' || c > '~');
  }

  private static boolean isReadByOthers(Path file) throws IOException {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix")
        && Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ);
  }

  private static StorageException malformed(Path file) {
    return new StorageException(
        ("%s should hold a join token of at least %d characters without blanks, such as openssl"
                + " rand -hex 32 makes. While a fleet changes its token there are two lines: OLD, NEW"
                + " on all machines, then NEW, OLD on all, then NEW. See security.md.")
            .formatted(file, LEAST_CHARACTERS));
  }

  private static Object stamp(Path file) {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      return List.of(now.size(), now.lastModifiedTime(), String.valueOf(now.fileKey()));
    } catch (IOException e) {
      return "unreadable";
    }
  }

  /**
   * Has the file looked at once a second on this timer, and no longer by who uses the token: they
   * may not wait for a disk. To be called once.
   *
   * @param timer is blocked while the file is read; its owner ends it
   */
  public void lookedAtBy(ScheduledExecutorService timer) {
    isLookedAt = true;
    var unused =
        timer.scheduleWithFixedDelay(this::look, LOOK_NANOS, LOOK_NANOS, TimeUnit.NANOSECONDS);
  }

  private List<SecretKeySpec> keys() {
    if (!isLookedAt) {
      lookIfDue();
    }
    return keys;
  }

  private synchronized void lookIfDue() {
    if (nanos.getAsLong() - lookedNanos >= LOOK_NANOS) {
      lookedNanos = nanos.getAsLong();
      look();
    }
  }

  private synchronized void look() {
    Object now = stamp(file);
    if (!now.equals(stamp)) {
      // Its owner or mode may be what is wrong, and that is in no stamp: look until it is right.
      stamp = readAgain() ? now : new Object();
    }
  }

  @GuardedBy("this")
  private boolean readAgain() {
    try {
      keys = read(file);
      failure = "";
      LOG.info("The join token in {} was read again: it has changed", file);
      return true;
    } catch (IOException e) {
      failed("%s cannot be read: %s".formatted(file, WhyNot.of(e)));
    } catch (RuntimeException e) {
      failed(String.valueOf(e.getMessage()));
    }
    return false;
  }

  @GuardedBy("this")
  private void failed(String why) {
    if (!why.equals(failure)) {
      LOG.warn("The join token stays as it was: {}", why);
      failure = why;
    }
  }

  /** Returns a peer's request with a new nonce. */
  public static JoinRequest request(SecureRandom random) {
    byte[] nonce = new byte[JoinProof.PEER_NONCE_DIGITS / 2];
    random.nextBytes(nonce);
    return new JoinRequest(HexFormat.of().formatHex(nonce));
  }

  /**
   * Returns a supernode's answer.
   *
   * @param nonce the supernode's
   * @param certificate the fingerprint of the certificate that it shows the peer
   */
  public JoinResponse answer(JoinRequest request, String nonce, String certificate) {
    byte[] mac = mac(keys().get(0), SUPERNODE, request.nonce(), nonce, certificate);
    return new JoinResponse(nonce, HexFormat.of().formatHex(mac), certificate);
  }

  /** Tells whether an answer comes from a supernode that has one of the tokens. */
  public boolean isProvenBy(JoinResponse answer, JoinRequest request) {
    byte[] shown = HexFormat.of().parseHex(answer.mac());
    return keys().stream()
        .map(key -> mac(key, SUPERNODE, request.nonce(), answer.nonce(), answer.certificate()))
        .anyMatch(mac -> MessageDigest.isEqual(mac, shown));
  }

  /** Returns a peer's proof for a supernode that has given this answer. */
  public JoinProof prove(PeerId peer, JoinRequest request, JoinResponse answer) {
    byte[] mac =
        mac(keys().get(0), PEER, request.nonce(), answer.nonce(), answer.certificate(), peer.hex());
    return new JoinProof(
        request.nonce(), answer.nonce(), HexFormat.of().formatHex(mac), answer.certificate());
  }

  /**
   * Tells whether a proof was made by this peer with one of the tokens, for a supernode with this
   * certificate. Says nothing about the nonce. Takes the same time wherever a wrong one differs.
   */
  public boolean isProvenBy(PeerId peer, JoinProof proof, String certificate) {
    byte[] shown = HexFormat.of().parseHex(proof.mac());
    return keys().stream()
        .map(
            key ->
                mac(key, PEER, proof.peerNonce(), proof.supernodeNonce(), certificate, peer.hex()))
        .anyMatch(mac -> MessageDigest.isEqual(mac, shown));
  }

  // No part has a line feed: so no two lists of parts give the same bytes.
  private static byte[] mac(SecretKeySpec key, String... parts) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      return mac.doFinal(String.join("\n", parts).getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no HmacSHA256", e);
    }
  }
}
