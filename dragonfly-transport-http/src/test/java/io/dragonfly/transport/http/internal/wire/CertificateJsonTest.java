package io.dragonfly.transport.http.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.peer.Peer;
import io.dragonfly.testkit.ControlExamples;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The fingerprint of the certificate that a peer gives pieces with, in control messages. */
class CertificateJsonTest {
  private static final String FINGERPRINT = "sha256:" + "d4".repeat(32);

  private static String offer() {
    AnnounceRequest request = new AnnounceRequest(ControlExamples.provenCaller(), List.of());
    return new String(RequestsJson.write(request), StandardCharsets.UTF_8);
  }

  private static AnnounceRequest read(String json) throws WireException {
    return RequestsJson.readOffer(json.getBytes(StandardCharsets.UTF_8), "a1".repeat(32));
  }

  @Test
  void aCallerTellsIt() throws WireException {
    assertThat(offer()).contains("\"certificate\":\"" + FINGERPRINT + "\"");
    Peer peer = read(offer()).caller().peer();
    assertThat(peer.certificate()).isEqualTo(FINGERPRINT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "sha256:d4", "sha1:d4", "SHA256:D4"})
  void whatIsNoFingerprintIsRefused(String text) {
    assertThatThrownBy(() -> read(offer().replace(FINGERPRINT, text)))
        .isInstanceOf(WireException.class);
    Peer peer = ControlExamples.provenCaller().peer();
    if (!text.isEmpty()) {
      assertThatThrownBy(() -> new Peer(peer.id(), peer.address(), peer.zone(), text))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("fingerprint");
    }
  }
}
