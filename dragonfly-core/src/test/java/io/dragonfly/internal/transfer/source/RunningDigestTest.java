package io.dragonfly.internal.transfer.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.Digest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class RunningDigestTest {
  private final RunningDigest running = new RunningDigest(Digest.SHA256);

  @Test
  void itKnowsWhatWasReadInOneGo() {
    running.add(0, bytes("abc"));
    running.add(3, bytes("def"));
    var sha = Digest.newSha256();
    sha.update(bytes("abcdef"));
    assertThat(running.of(6)).contains(Digest.of(sha));
  }

  @Test
  void whatIsReadOnceMoreMayBeOtherBytesThanWereHashed() {
    running.add(0, bytes("abc"));
    running.add(0, bytes("xyz"));
    running.add(3, bytes("def"));
    assertThat(running.of(6)).isEmpty();
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }
}
