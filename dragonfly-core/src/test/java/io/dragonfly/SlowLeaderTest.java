package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.control.PieceResult;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceService;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.testkit.FakePieces;
import io.dragonfly.testkit.FakePublication;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A peer that reads the source for others, and has only some pieces for them. */
@ExtendWith(LeakCheck.class)
class SlowLeaderTest {
  private static final PeerId LEADER = new PeerId("0".repeat(32));
  private static final int PIECES = 30;

  @TempDir Path dir;

  private final byte[] content = bytes(PIECES * PIECE);
  private ClientFixture fixture;
  private FakeSupernode supernode;
  private FakePublication publication;
  private FakePieces pieces;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
    supernode = fixture.supernode();
    pieces = new FakePieces();
    fixture.source.put(URI_A, content);
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
    pieces.close();
  }

  /** Starts a fetch whose supernode is lost after the first piece. */
  private Fetch startFollowing(Predicate<PieceService.Ask> leaderHas) throws Exception {
    MessageDigest sha = Digest.newSha256();
    sha.update(content);
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    InetSocketAddress at =
        fixture.transport().serve(ServeRequest.piecesOnly(any, leader(leaderHas))).address();
    publication = FakePublication.of(content, fixture.source.version(URI_A)).knowing(1);
    var request = fixture.request().digest(Digest.of(sha)).build();
    supernode
        .allowingBackToSource()
        .namingContacts(List.of(new Parent(7, new Peer(LEADER, at, ""), "right")))
        .put(request.content(), publication);
    pieces.put(supernode.task(URI_A).id(), content);
    Fetch fetch = fixture.startInFakeTime(fixture.of(supernode)).start(request);
    fixture.advanceUntil(() -> fetch.progress().bytes() == PIECE);
    supernode.fallSilent();
    return fetch;
  }

  private PieceService leader(Predicate<PieceService.Ask> has) {
    return new PieceService() {
      @Override
      public CompletableFuture<Given> give(Ask ask) {
        return has.test(ask)
            ? pieces.give(ask)
            : CompletableFuture.failedFuture(
                new PieceDownloadException(Outcome.NOT_YET, "the piece is not there yet"));
      }

      @Override
      public RateLimiter uploads() {
        return pieces.uploads();
      }
    };
  }

  @Test
  void oneThatIsSlowForAMinuteIsLeft() throws Exception {
    long[] given = {Long.MIN_VALUE};
    Fetch fetch =
        startFollowing(
            ask -> {
              synchronized (given) {
                long now = fixture.ticker.getAsLong();
                boolean isTime =
                    given[0] == Long.MIN_VALUE || now - given[0] >= Duration.ofSeconds(8).toNanos();
                given[0] = isTime ? now : given[0];
                return isTime;
              }
            });
    fixture.advanceUntil(Duration.ofMillis(500), () -> fetch.completion().isDone());

    assertThat(fixture.output()).hasBinaryContent(content);
    assertThat(pieces.asks()).hasSizeBetween(2, PIECES / 2);
    assertThat(fixture.source.rangesRead()).isNotEmpty();
  }

  /** Others would be told to take them from here, and nobody knows yet whether they are right. */
  @Test
  void thePiecesAreReportedOnceTheyAreProved() throws Exception {
    Fetch fetch = startFollowing(ask -> ask.range().end() <= 3 * PIECE);
    fixture.advanceUntil(() -> fetch.progress().bytes() == 3 * PIECE);
    supernode.comeBack();
    int polls = supernode.polls().size();
    fixture.advanceUntil(() -> supernode.polls().size() >= polls + 2);
    assertThat(supernode.results()).filteredOn(SlowLeaderTest::isFromLeader).isEmpty();

    publication.know(PIECES);
    supernode.tellNews();
    fixture.advanceUntil(() -> fetch.completion().isDone());
    fixture.advanceUntil(
        () -> supernode.results().stream().filter(SlowLeaderTest::isFromLeader).count() == 2);
    assertThat(fixture.output()).hasBinaryContent(content);
    assertThat(fixture.source.rangesRead()).isEmpty();
  }

  private static boolean isFromLeader(PieceResult result) {
    return result.parent().equals(LEADER) && result.outcome() == Outcome.DONE;
  }
}
