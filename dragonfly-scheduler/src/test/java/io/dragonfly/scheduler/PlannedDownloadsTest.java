package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class PlannedDownloadsTest {
  private final PeerRegistry registry = new PeerRegistry(() -> 0);
  private final Swarm swarm =
      new Swarm(registry, Peers.task(1), Peers.layout(9), registry.peer(Peers.peer(0), true));
  private final Member child = join(1);
  private final Member parent = join(2);
  private final PlannedDownloads planned = child.planned();

  @Test
  void whatOthersWaitForComesFirst() {
    PieceDownload first = download(3);
    PieceDownload second = download(1);
    PieceDownload urgent = PieceDownload.plan(child, 5, swarm.cdn(), 0);
    assertThat(planned.first()).isSameAs(urgent);
    planned.remove(urgent);
    assertThat(planned.first()).isSameAs(first);
    planned.remove(first);
    assertThat(planned.first()).isSameAs(second);
  }

  @Test
  void whatWaitsIsLookedAtWhenItsTimeHasCome() {
    PieceDownload late = download(0);
    PieceDownload soon = download(1);
    planned.waitUntil(late, 30);
    planned.waitUntil(soon, 30);
    assertThat(planned.first()).isNull();
    assertThat(planned.isTimeFor(29)).isFalse();
    planned.offerEarly(29);
    assertThat(planned.first()).isNull();

    assertThat(planned.isTimeFor(30)).isTrue();
    planned.offerEarly(30);
    assertThat(planned.first()).isSameAs(late);
    planned.remove(late);
    assertThat(planned.first()).isSameAs(soon);
  }

  @Test
  void aPieceWhoseTimeComesEarlierIsNotHeldUpByOnesThatWerePlannedBefore() {
    PieceDownload late = download(0);
    PieceDownload soon = download(1);
    planned.waitUntil(late, 900);
    planned.waitUntil(soon, 30);

    assertThat(planned.isTimeFor(30)).isTrue();
    planned.offerEarly(30);
    assertThat(planned.first()).isSameAs(soon);
    assertThat(planned.isTimeFor(30)).isFalse();
  }

  @Test
  void whatIsOfferedAgainComesInItsOldPlace() {
    PieceDownload first = download(4);
    PieceDownload second = download(2);
    planned.pause(first);
    assertThat(planned.first()).isSameAs(second);
    assertThat(planned.hasPaused()).isTrue();
    planned.offerPaused();
    assertThat(planned.hasPaused()).isFalse();
    assertThat(planned.first()).isSameAs(first);
  }

  @Test
  void whatIsRemovedIsGoneWhateverItWaitedFor() {
    PieceDownload download = download(4);
    planned.pause(download);
    assertThat(planned.isEmpty()).isFalse();
    planned.remove(download);
    assertThat(planned.isEmpty()).isTrue();
    planned.offerPaused();
    assertThat(planned.first()).isNull();
  }

  private PieceDownload download(int piece) {
    return PieceDownload.plan(child, piece, parent, 0);
  }

  private Member join(int number) {
    return swarm.join(registry.peer(Peers.peer(number), false), new BitSet(), PieceSpan.ALL);
  }
}
