package io.dragonfly.internal.preheat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChosenPeersTest {
  private static final Peer PEER =
      new Peer(new PeerId("ab".repeat(16)), new InetSocketAddress("127.0.0.9", 7), "east");

  private static boolean isChosen(String... names) {
    return new ChosenPeers(List.of(names)).test(PEER);
  }

  @Test
  void aPeerIsMeantByItsPlaceOrItsName() {
    assertThat(isChosen("all")).isTrue();
    assertThat(isChosen("zone:west", "zone:east")).isTrue();
    assertThat(isChosen("127.0.0.9")).isTrue();
    assertThat(isChosen("abababab")).isTrue();
    assertThat(isChosen("zone:west", "127.0.0.8", "::1", "babababa")).isFalse();
    assertThat(isChosen()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "zone:", "east", "abab", "127.0.0.0/8", "all "})
  void whatNamesNobodyIsRefused(String name) {
    assertThatThrownBy(() -> new ChosenPeers(List.of(name)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("names no peers");
  }
}
