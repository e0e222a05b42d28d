package io.dragonfly.internal.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.peer.PeerId;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What was right once is remembered; that must make nothing else right. */
class ShownCapabilitiesTest {
  private static final byte[] KEY = new byte[32];
  private static final TaskId TASK = new TaskId("ab".repeat(32));
  private static final PeerId TAKER = new PeerId("01".repeat(16));
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final Instant NOW = Instant.ofEpochSecond(1_000_000);

  private final ShownCapabilities capabilities = new ShownCapabilities(KEY);
  private final String right = Capabilities.issue(KEY, TASK, TAKER, HERE, NOW.plusSeconds(60));

  @Test
  void whatIsRevokedIsRefusedAndWhatComesLaterIsNot() {
    assertThat(isValid(right, NOW)).isTrue();
    capabilities.revoke(TASK, TAKER, NOW.plusSeconds(59));
    assertThat(isValid(right, NOW)).isTrue();
    capabilities.revoke(TASK, TAKER, NOW.plusSeconds(60));
    assertThat(isValid(right, NOW)).isFalse();
    capabilities.revoke(TASK, TAKER, NOW.plusSeconds(30)); // does not lessen it
    assertThat(isValid(right, NOW)).isFalse();
    assertThat(isValid(Capabilities.issue(KEY, TASK, TAKER, HERE, NOW.plusSeconds(61)), NOW))
        .isTrue();
  }

  private boolean isValid(String capability, Instant now) {
    return capabilities.isValid(capability, TASK, TAKER, HERE, now);
  }

  @Test
  void eachSupernodeHasAKeyOfItsOwn() {
    byte[] other = {1};
    assertThat(new ShownCapabilities().isValid(right, TASK, TAKER, HERE, NOW)).isFalse();
    String others = Capabilities.issue(other, TASK, TAKER, HERE, NOW.plusSeconds(60));
    assertThat(isValid(others, NOW)).isFalse();
    capabilities.setKey("other", other);
    assertThat(isValid(others, NOW)).isTrue();
    assertThat(isValid(right, NOW)).isTrue();
  }

  @Test
  void whatWasMadeWithAKeyOfBeforeIsRefusedAlsoIfItWasRightOnce() {
    assertThat(isValid(right, NOW)).isTrue();
    capabilities.setKey("", new byte[] {1});
    assertThat(isValid(right, NOW)).isFalse();
  }

  @Test
  void aRightOneIsRightUntilItExpires() {
    assertThat(isValid(right, NOW)).isTrue();
    assertThat(isValid(right, NOW.plusSeconds(59))).isTrue();
    assertThat(isValid(right, NOW.plusSeconds(60))).isFalse();
  }

  @Test
  void nobodyElseIsLetInByIt() throws Exception {
    assertThat(isValid(right, NOW)).isTrue();
    TaskId otherTask = new TaskId("cd".repeat(32));
    InetAddress elsewhere = InetAddress.getByAddress(new byte[] {127, 0, 0, 9});
    PeerId otherChild = new PeerId("02".repeat(16));
    assertThat(capabilities.isValid(right, otherTask, TAKER, HERE, NOW)).isFalse();
    assertThat(capabilities.isValid(right, TASK, otherChild, HERE, NOW)).isFalse();
    assertThat(capabilities.isValid(right, TASK, TAKER, elsewhere, NOW)).isFalse();
  }

  @Test
  void aWrongOneIsWrongAfterARightOne() {
    String foreign = Capabilities.issue(new byte[] {9}, TASK, TAKER, HERE, NOW.plusSeconds(60));
    assertThat(isValid(right, NOW)).isTrue();
    assertThat(isValid(foreign, NOW)).isFalse();
    assertThat(isValid("", NOW)).isFalse();
    assertThat(isValid(right, NOW)).isTrue();
  }

  @Test
  void aNewerOneTakesItsPlace() {
    String newer = Capabilities.issue(KEY, TASK, TAKER, HERE, NOW.plusSeconds(120));
    assertThat(isValid(right, NOW)).isTrue();
    assertThat(isValid(newer, NOW.plusSeconds(90))).isTrue();
    assertThat(isValid(right, NOW.plusSeconds(90))).isFalse();
  }
}
