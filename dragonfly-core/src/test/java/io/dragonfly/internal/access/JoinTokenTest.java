package io.dragonfly.internal.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.Uninterruptibles;
import io.dragonfly.control.JoinProof;
import io.dragonfly.control.JoinRequest;
import io.dragonfly.control.JoinResponse;
import io.dragonfly.error.StorageException;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JoinTokenTest {
  private static final String OLD = "0123456789abcdef".repeat(2);
  private static final String NEW = "fedcba9876543210".repeat(2);
  private static final String CERTIFICATE = "sha256:" + "ab".repeat(32);
  private static final Instant NOW = Instant.parse("2026-02-03T04:05:06Z");

  @TempDir Path dir;
  private final SecureRandom random = new SecureRandom();
  private final AtomicLong nanos = new AtomicLong();
  private final PeerId peer = PeerSecret.random(random).id();
  private final JoinNonces nonces =
      new JoinNonces("key of a supernode".getBytes(StandardCharsets.UTF_8), random);
  private int files;
  private JoinRequest request;

  @BeforeEach
  void ask() {
    request = JoinToken.request(random);
  }

  private JoinToken token(String... lines) throws IOException {
    Path file = Files.writeString(dir.resolve("token" + files++), String.join("\n", lines) + "\n");
    return JoinToken.ofFile(file, nanos::get);
  }

  private JoinResponse answer(JoinToken supernode) {
    return supernode.answer(request, nonces.issue(NOW), CERTIFICATE);
  }

  @Test
  void eachSideProvesThatItHasTheToken() throws Exception {
    JoinToken supernode = token(OLD);
    JoinToken client = token(OLD);

    JoinResponse answer = answer(supernode);

    assertThat(client.isProvenBy(answer, request)).isTrue();
    JoinProof proof = client.prove(peer, request, answer);
    assertThat(supernode.isProvenBy(peer, proof, CERTIFICATE)).isTrue();
    assertThat(proof.certificate()).isEqualTo(CERTIFICATE);
    assertThat(proof.toString()).doesNotContain(proof.mac());
  }

  @Test
  void aProofIsOfNoUseToAnybodyElse() throws Exception {
    JoinToken token = token(OLD);
    JoinResponse answer = answer(token);
    JoinProof proof = token.prove(peer, request, answer);

    // Who stands in between shows another certificate, on either side.
    assertThat(token.isProvenBy(answer.over("sha256:" + "cd".repeat(32)), request)).isFalse();
    assertThat(token.isProvenBy(answer.over(""), request)).isFalse();
    assertThat(token.isProvenBy(peer, proof, "")).isFalse();
    // An earlier answer fits no other nonce, a peer's proof no other peer, and neither the other's.
    assertThat(token.isProvenBy(answer, JoinToken.request(random))).isFalse();
    assertThat(token.isProvenBy(PeerSecret.random(random).id(), proof, CERTIFICATE)).isFalse();
    JoinResponse reflected = new JoinResponse(answer.nonce(), proof.mac(), CERTIFICATE);
    assertThat(token.isProvenBy(reflected, request)).isFalse();
    assertThat(token(NEW).isProvenBy(answer, request)).isFalse();
    assertThat(token(NEW).isProvenBy(peer, proof, CERTIFICATE)).isFalse();
  }

  @Test
  void aTokenIsChangedOneMachineAfterTheOther() throws Exception {
    JoinToken[] steps = {token(OLD), token(OLD, NEW), token(NEW, OLD), token(NEW)};
    for (int i = 0; i < steps.length; i++) {
      for (int j = Math.max(0, i - 1); j < Math.min(steps.length, i + 2); j++) {
        JoinResponse answer = answer(steps[i]);
        assertThat(steps[j].isProvenBy(answer, request)).isTrue();
        JoinProof proof = steps[j].prove(peer, request, answer);
        assertThat(steps[i].isProvenBy(peer, proof, CERTIFICATE)).isTrue();
      }
    }
  }

  @Test
  void theFileIsReadAgainWhenItHasChanged() throws Exception {
    Path file = Files.writeString(dir.resolve("token"), OLD);
    JoinToken token = JoinToken.ofFile(file, nanos::get);
    JoinResponse old = answer(token(OLD));
    JoinResponse fresh = answer(token(NEW));

    Files.writeString(file, NEW + "\n" + OLD);
    assertThat(token.isProvenBy(fresh, request)).isFalse(); // looked at once a second
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(token.isProvenBy(fresh, request)).isTrue();
    assertThat(token.isProvenBy(old, request)).isTrue();

    Files.writeString(file, "broken");
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(token.isProvenBy(fresh, request)).isTrue();
    Files.delete(file);
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(token.isProvenBy(fresh, request)).isTrue();
  }

  /** As when its owner or mode was wrong, which is not seen from size and time. */
  @Test
  void aFileThatCouldNotBeUsedIsReadAgainThoughNothingElseTellsThatItIsBetter() throws Exception {
    Path file = Files.writeString(dir.resolve("token"), OLD);
    JoinToken token = JoinToken.ofFile(file, nanos::get);
    JoinResponse fresh = answer(token(NEW));
    Files.writeString(file, NEW.replace('f', ' '));
    FileTime time = Files.getLastModifiedTime(file);
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(token.isProvenBy(fresh, request)).isFalse();

    Files.writeString(file, NEW);
    Files.setLastModifiedTime(file, time);
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(token.isProvenBy(fresh, request)).isTrue();
  }

  @Test
  void whoUsesTheTokenDoesNotReadTheFileIfATimerDoes() throws Exception {
    Path file = Files.writeString(dir.resolve("token"), OLD);
    JoinToken token = JoinToken.ofFile(file, nanos::get);
    JoinResponse fresh = answer(token(NEW));
    CountDownLatch busy = new CountDownLatch(1);
    ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    try {
      timer.execute(() -> Uninterruptibles.awaitUninterruptibly(busy));
      token.lookedAtBy(timer);
      Files.writeString(file, NEW + "\n" + OLD);
      nanos.addAndGet(Duration.ofDays(1).toNanos());
      assertThat(token.isProvenBy(fresh, request)).isFalse();

      busy.countDown();
      await().atMost(Duration.ofMinutes(1)).until(() -> token.isProvenBy(fresh, request));
    } finally {
      busy.countDown();
      timer.shutdownNow();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n\n",
        "tooshort",
        "0123456789abcdef 0123456789abcdef",
        "0123456789abcdef0123456789abcdef\nshort",
        "0123456789abcdef0123456789abcdef\n"
            + "0123456789abcdef0123456789abcdef\n"
            + "0123456789abcdef0123456789abcdef"
      })
  void whatIsNoTokenIsRefusedAtTheStart(String text) throws Exception {
    Path file = Files.writeString(dir.resolve("wrong"), text);

    assertThatThrownBy(() -> JoinToken.ofFile(file, nanos::get))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("32 characters")
        .hasMessageContaining("OLD, NEW on all machines, then NEW, OLD on all, then NEW")
        .message()
        .doesNotContain("0123456789abcdef");
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> JoinToken.ofFile(dir.resolve("none"), nanos::get))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("there is no such file");
  }

  @Test
  void aFileThatOthersCanReadStillWorks() throws Exception {
    Path file = Files.writeString(dir.resolve("open"), OLD);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

    assertThat(token(OLD).isProvenBy(answer(JoinToken.ofFile(file, nanos::get)), request)).isTrue();
  }

  @Test
  void aNonceEndsAfterAnHourAndIsTheSupernodesOwn() {
    String nonce = nonces.issue(NOW);

    assertThat(nonces.isValid(nonce, NOW)).isTrue();
    assertThat(nonces.isValid(nonce, NOW.plus(JoinNonces.LIFE).minusSeconds(1))).isTrue();
    assertThat(nonces.isValid(nonce, NOW.plus(JoinNonces.LIFE))).isFalse();
    char last = nonce.charAt(nonce.length() - 1);
    String forged = nonce.substring(0, nonce.length() - 1) + (last == '0' ? '1' : '0');
    assertThat(nonces.isValid(forged, NOW)).isFalse();
    assertThat(new JoinNonces(new byte[] {1}, random).isValid(nonce, NOW)).isFalse();
  }

  @Test
  void whatHasNotTheFormIsRefusedWithoutBeingRepeated() {
    assertThatThrownBy(() -> new JoinRequest("x".repeat(64)))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .doesNotContain("xx");
    String nonce = nonces.issue(NOW);
    assertThatThrownBy(() -> new JoinResponse(nonce, "ab", ""))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new JoinProof(request.nonce(), nonce + "\n", "ab".repeat(32), ""))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
