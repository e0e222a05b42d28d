package io.dragonfly.internal.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.Digest;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * Text from the network in every shape: it is right, or refused with an IllegalArgumentException.
 */
class ParserFuzzTest {
  private static final int TRIES = 5_000;
  private static final Random RANDOM = new Random(20261127);
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final PeerId PEER = new PeerId("02".repeat(16));
  private static final TaskId TASK = new TaskId("ab".repeat(32));

  private static String mutated(String honest) {
    byte[] bytes = honest.getBytes(StandardCharsets.ISO_8859_1);
    for (int change = 0; change <= RANDOM.nextInt(3); change++) {
      bytes[RANDOM.nextInt(bytes.length)] = (byte) RANDOM.nextInt();
    }
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    return switch (RANDOM.nextInt(4)) {
      case 0 -> text.substring(RANDOM.nextInt(text.length()));
      case 1 -> text + text;
      default -> text;
    };
  }

  private static void refusedOrRight(String honest, Consumer<String> parser) {
    for (int i = 0; i < TRIES; i++) {
      try {
        parser.accept(mutated(honest));
      } catch (IllegalArgumentException e) {
        assertThat(String.valueOf(e.getMessage())).hasSizeLessThan(1_000);
      }
    }
  }

  @Test
  void idsSecretsAndDigests() {
    refusedOrRight(TASK.hex(), TaskId::new);
    refusedOrRight(PEER.hex(), PeerId::new);
    refusedOrRight("cd".repeat(32), PeerSecret::parse);
    for (String digest : List.of("sha256:" + "ab".repeat(32), "md5:" + "ab".repeat(16))) {
      refusedOrRight(digest, Digest::parse);
    }
  }

  @Test
  void noForgedCapabilityOrTicketIsOneAndNoneThrows() {
    byte[] key = new byte[32];
    Instant now = Instant.ofEpochSecond(1_000_000);
    String capability = Capabilities.issue(key, TASK, PEER, LOOPBACK, now.plusSeconds(60));
    byte[] bits = Base64.getUrlDecoder().decode(capability);
    ShownCapabilities capabilities = new ShownCapabilities(key);
    assertThat(capabilities.isValid(capability, TASK, PEER, LOOPBACK, now)).isTrue();
    Tickets tickets = new Tickets(key);
    for (int i = 0; i < TRIES; i++) {
      bits[RANDOM.nextInt(bits.length)] ^= (byte) (1 << RANDOM.nextInt(8));
      String forged = Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
      if (!forged.equals(capability)) {
        assertThat(capabilities.isValid(forged, TASK, PEER, LOOPBACK, now)).isFalse();
      }
      assertThat(tickets.open(mutated(capability + capability), PEER, now)).isEmpty();
      capabilities.isValid(mutated(capability), TASK, PEER, LOOPBACK, now);
    }
  }
}
