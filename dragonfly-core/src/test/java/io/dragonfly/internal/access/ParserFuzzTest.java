package io.dragonfly.internal.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.Digest;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import io.dragonfly.testkit.Fuzz;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Text from the network in every shape: it is right, or refused with an IllegalArgumentException.
 */
@Tag("fuzz")
class ParserFuzzTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final byte[] KEY = new byte[32];
  private static final PeerId PEER = new PeerId("02".repeat(16));
  private static final TaskId TASK = new TaskId("ab".repeat(32));
  private static final Instant NOW = Instant.ofEpochSecond(1_000_000);

  private static void rightOrRefused(Function<String, Object> parser, String... honest) {
    Fuzz.Counts counts =
        Fuzz.of("0123456789abcdef:ABCDEF", honest)
            .run(
                input -> {
                  assertThat(parser.apply(Fuzz.text(input))).isNotNull();
                  return true;
                },
                IllegalArgumentException.class);
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }

  @Test
  void idsSecretsAndDigests() {
    rightOrRefused(TaskId::new, TASK.hex());
    rightOrRefused(PeerId::new, PEER.hex());
    rightOrRefused(PeerSecret::parse, "cd".repeat(32));
    rightOrRefused(Digest::parse, "sha256:" + "ab".repeat(32), "md5:" + "ab".repeat(16));
  }

  @Test
  void noForgedCapabilityIsOne() {
    String capability = Capabilities.issue(KEY, TASK, PEER, LOOPBACK, NOW.plusSeconds(60));
    ShownCapabilities capabilities = new ShownCapabilities(KEY);
    byte[] honest = Base64.getUrlDecoder().decode(capability);
    Fuzz.Counts counts =
        Fuzz.of("-_ABCabc019=", capability)
            .run(
                input -> {
                  String shown = Fuzz.text(input);
                  boolean isValid = capabilities.isValid(shown, TASK, PEER, LOOPBACK, NOW);
                  if (isValid) { // more than one text has the same bytes
                    assertThat(Base64.getUrlDecoder().decode(shown)).isEqualTo(honest);
                  }
                  return isValid;
                });
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }

  private static byte[] ticket() {
    Task task =
        Task.of(
            new TaskKey("cd".repeat(32)),
            new SourceVersion(Optional.of("\"v1\""), OptionalLong.of(1_000_000)),
            Optional.of(new Digest(Digest.SHA256, "ef".repeat(32))),
            "");
    return Base64.getUrlDecoder().decode(new Tickets(KEY).issue(task, PEER, NOW.plusSeconds(60)));
  }

  @Test
  void noForgedTicketIsOne() {
    Tickets tickets = new Tickets(KEY);
    byte[] honest = ticket();
    String text = Base64.getUrlEncoder().withoutPadding().encodeToString(honest);
    Fuzz.Counts counts =
        Fuzz.of("-_ABCabc019=", text)
            .run(
                input -> {
                  boolean isOpened = tickets.open(Fuzz.text(input), PEER, NOW).isPresent();
                  if (isOpened) {
                    assertThat(Base64.getUrlDecoder().decode(Fuzz.text(input))).isEqualTo(honest);
                  }
                  return isOpened;
                });
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }

  /** What another version of this supernode may have signed. */
  @Test
  void aTicketOfWhateverFormIsOpenedOrRefused() {
    byte[] ticket = ticket();
    byte[] payload = Arrays.copyOf(ticket, ticket.length - 16);
    Tickets tickets = new Tickets(KEY);
    Fuzz.Counts counts =
        Fuzz.of("\0\1\u00ff", List.of(payload))
            .run(
                input -> {
                  byte[] signed = Arrays.copyOf(input, input.length + 16);
                  System.arraycopy(mac(input), 0, signed, input.length, 16);
                  return tickets
                      .open(Base64.getUrlEncoder().encodeToString(signed), PEER, NOW)
                      .isPresent();
                });
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }

  private static byte[] mac(byte[] payload) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(KEY, "HmacSHA256"));
    mac.update(payload);
    mac.update(PEER.hex().getBytes(StandardCharsets.US_ASCII));
    return mac.doFinal();
  }
}
