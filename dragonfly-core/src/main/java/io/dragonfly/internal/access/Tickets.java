package io.dragonfly.internal.access;

import io.dragonfly.peer.PeerId;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalLong;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes and opens tickets: the proof that a peer was registered for a task. A ticket holds all that
 * there is to know about the task, so that a supernode which has lost its memory, but not its key,
 * knows it again. Immutable.
 *
 * <p>A ticket is base64url over a payload and the first 16 bytes of an HMAC-SHA256 over the payload
 * and the peer's id. The payload is a format number, the expiry (seconds since 1970) and the task.
 */
public final class Tickets {
  private static final int FORMAT = 1;
  private static final int MAC_BYTES = 16;
  private static final int MOST_CHARACTERS = 8192;
  private static final long UNKNOWN = -1;

  private final SecretKeySpec key;

  /**
   * What a ticket says.
   *
   * @param task the task that it was made for
   * @param expires when it ends; a ticket that is made for it in exchange ends then too
   */
  public record Ticket(Task task, Instant expires) {}

  /** Tickets of the supernode that has this key. */
  public Tickets(byte[] key) {
    this.key = new SecretKeySpec(key, "HmacSHA256");
  }

  /** Makes a ticket. */
  public String issue(Task task, PeerId peer, Instant expires) {
    byte[] payload = write(task, expires);
    byte[] ticket = Arrays.copyOf(payload, payload.length + MAC_BYTES);
    System.arraycopy(mac(payload, peer), 0, ticket, payload.length, MAC_BYTES);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(ticket);
  }

  /**
   * Returns what a ticket says, if it was made with this key for this peer and has not expired.
   * Takes the same time wherever a wrong one differs.
   */
  public Optional<Ticket> open(String ticket, PeerId peer, Instant now) {
    if (ticket.length() > MOST_CHARACTERS) {
      return Optional.empty();
    }
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(ticket);
      if (bytes.length < MAC_BYTES) {
        return Optional.empty();
      }
      byte[] payload = Arrays.copyOf(bytes, bytes.length - MAC_BYTES);
      byte[] actual = Arrays.copyOfRange(bytes, payload.length, bytes.length);
      return MessageDigest.isEqual(mac(payload, peer), actual)
          ? read(payload, now)
          : Optional.empty();
    } catch (IllegalArgumentException | DateTimeException | IOException e) {
      return Optional.empty(); // not base64, or of a format that this version does not know
    }
  }

  private static byte[] write(Task task, Instant expires) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(FORMAT);
      out.writeLong(expires.getEpochSecond());
      out.write(HexFormat.of().parseHex(task.id().hex()));
      out.write(HexFormat.of().parseHex(task.key().hex()));
      out.writeInt(task.layout().pieceLength());
      out.writeLong(task.layout().length().orElse(UNKNOWN));
      out.writeLong(task.version().length().orElse(UNKNOWN));
      writeText(out, task.version().validator());
      writeText(out, task.digest().map(Digest::toString));
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  private static Optional<Ticket> read(byte[] payload, Instant now) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(payload))) {
      if (in.readByte() != FORMAT) {
        return Optional.empty();
      }
      Instant expires = Instant.ofEpochSecond(in.readLong());
      if (now.getEpochSecond() >= expires.getEpochSecond()) {
        return Optional.empty();
      }
      TaskId id = new TaskId(HexFormat.of().formatHex(in.readNBytes(32)));
      TaskKey taskKey = new TaskKey(HexFormat.of().formatHex(in.readNBytes(32)));
      PieceLayout layout = new PieceLayout(in.readInt(), readLength(in));
      OptionalLong versionLength = readLength(in);
      SourceVersion version = new SourceVersion(readText(in), versionLength);
      Optional<Digest> digest = readText(in).map(Digest::parse);
      return Optional.of(new Ticket(new Task(id, taskKey, layout, version, digest), expires));
    }
  }

  private static void writeText(DataOutputStream out, Optional<String> text) throws IOException {
    byte[] bytes = text.orElse("").getBytes(StandardCharsets.UTF_8);
    out.writeInt(text.isPresent() ? bytes.length : (int) UNKNOWN);
    out.write(bytes);
  }

  private static Optional<String> readText(DataInputStream in) throws IOException {
    int length = in.readInt();
    return length < 0
        ? Optional.empty()
        : Optional.of(new String(in.readNBytes(length), StandardCharsets.UTF_8));
  }

  private static OptionalLong readLength(DataInputStream in) throws IOException {
    long length = in.readLong();
    return length < 0 ? OptionalLong.empty() : OptionalLong.of(length);
  }

  private byte[] mac(byte[] payload, PeerId peer) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      mac.update(payload);
      mac.update(peer.hex().getBytes(StandardCharsets.US_ASCII));
      return Arrays.copyOf(mac.doFinal(), MAC_BYTES);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no HmacSHA256", e);
    }
  }
}
