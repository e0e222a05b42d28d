package io.dragonfly.internal.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.StorageException;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.Digest;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TicketsTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final PeerId PEER = new PeerId("0".repeat(32));
  private static final TaskKey KEY = new TaskKey("a".repeat(64));
  private static final Task FULL =
      Task.of(
          KEY,
          new SourceVersion(Optional.of("\"v\u00e4lidator\""), OptionalLong.of(1 << 30)),
          Optional.of(new Digest(Digest.MD5, "b".repeat(32))),
          "");
  private static final Task BARE = Task.of(KEY, SourceVersion.UNKNOWN, Optional.empty(), "once");

  private final Tickets tickets = new Tickets(new byte[] {1, 2, 3});

  @Test
  void aTicketHoldsAllOfItsTask() {
    for (Task task : new Task[] {FULL, BARE, BARE.withLength(12345)}) {
      String ticket = tickets.issue(task, PEER, NOW.plusSeconds(1));
      Tickets.Ticket opened = new Tickets.Ticket(task, NOW.plusSeconds(1));
      assertThat(tickets.open(ticket, PEER, NOW)).hasValue(opened);
      assertThat(new Tickets(new byte[] {1, 2, 3}).open(ticket, PEER, NOW)).hasValue(opened);
    }
  }

  @Test
  void itIsWorthNothingWithAnotherKeyForAnotherPeerOrTooLate() {
    String ticket = tickets.issue(FULL, PEER, NOW.plusSeconds(1));
    assertThat(new Tickets(new byte[] {1, 2, 4}).open(ticket, PEER, NOW)).isEmpty();
    assertThat(tickets.open(ticket, new PeerId("1".repeat(32)), NOW)).isEmpty();
    assertThat(tickets.open(ticket, PEER, NOW.plusSeconds(1))).isEmpty();
  }

  @Test
  void noBitOfItCanBeChanged() {
    byte[] ticket = Base64.getUrlDecoder().decode(tickets.issue(FULL, PEER, NOW.plusSeconds(1)));
    for (int i = 0; i < ticket.length; i++) {
      ticket[i] ^= 1;
      String changed = Base64.getUrlEncoder().withoutPadding().encodeToString(ticket);
      assertThat(tickets.open(changed, PEER, NOW)).as("byte %d", i).isEmpty();
      ticket[i] ^= 1;
    }
  }

  @Test
  void whatIsNoTicketIsNone() {
    assertThat(tickets.open("", PEER, NOW)).isEmpty();
    assertThat(tickets.open("no ticket", PEER, NOW)).isEmpty();
    assertThat(tickets.open("AAAA", PEER, NOW)).isEmpty();
    assertThat(tickets.open("A".repeat(100_000), PEER, NOW)).isEmpty();
  }

  @Test
  void aSecretIsMadeOnceAndForItsOwnerAlone(@TempDir Path dir) throws Exception {
    Path file = dir.resolve("secret");
    String secret = SecretFile.readOrCreate(file, new SecureRandom());
    assertThat(secret).hasSize(64);
    assertThat(SecretFile.readOrCreate(file, new SecureRandom())).isEqualTo(secret);
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
    }
    assertThat(dir.toFile().list()).containsExactly("secret");
  }

  @Test
  void aBrokenSecretIsSaidToBe(@TempDir Path dir) throws Exception {
    Path file = dir.resolve("secret");
    for (String broken : new String[] {"", "no secret", "abcd"}) {
      Files.writeString(file, broken);
      assertThatThrownBy(() -> SecretFile.readOrCreate(file, new SecureRandom()))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining(file.toString());
    }
    assertThatThrownBy(
            () -> SecretFile.readOrCreate(dir.resolve("none/secret"), new SecureRandom()))
        .isInstanceOf(StorageException.class);
  }
}
