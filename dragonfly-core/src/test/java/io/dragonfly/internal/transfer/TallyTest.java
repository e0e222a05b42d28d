package io.dragonfly.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerSecret;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TallyTest {
  private final Peer peer =
      new Peer(PeerSecret.random(new SecureRandom()).id(), new InetSocketAddress(1), "");

  @Test
  void bytesAddUpByOriginAndParent() {
    Tally tally = new Tally();
    PieceOrigin fromPeer = new PieceOrigin(PieceOrigin.Kind.PEER, Optional.of(peer), 1000);
    tally.wants(100);
    tally.add(fromPeer, 10);
    tally.add(fromPeer, 20);
    tally.add(PieceOrigin.STORE, 5);
    tally.add(new PieceOrigin(PieceOrigin.Kind.SOURCE, Optional.empty(), 7), 3);
    assertThat(tally.progress().bytesFromPeers()).isEqualTo(30);
    assertThat(tally.progress().bytesFromStore()).isEqualTo(5);
    assertThat(tally.progress().bytesFromSource()).isEqualTo(3);
    assertThat(tally.progress().bytes()).isEqualTo(38);
    assertThat(tally.progress().length()).hasValue(100);
    assertThat(tally.parents()).hasSize(1);
    assertThat(tally.parents().get(0).time()).isEqualTo(Duration.ofNanos(2000));

    tally.remove(fromPeer, 10);
    tally.remove(fromPeer, 20);
    assertThat(tally.progress().bytesFromPeers()).isZero();
    assertThat(tally.parents()).isEmpty();
  }
}
