package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchStream;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.testkit.FakePieces;
import io.dragonfly.testkit.FakePublication;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Peers of a supernode that is lost: one reads the source, and the others take from it. */
@ExtendWith(LeakCheck.class)
class FollowingTest {
  private static final PeerId LOWEST = new PeerId("0".repeat(32));
  private static final PeerId HIGHEST = new PeerId("f".repeat(32));

  @TempDir Path dir;

  private final byte[] content = bytes(6 * PIECE);
  private ClientFixture fixture;
  private FakeSupernode supernode;
  private FakePieces contact;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
    supernode = fixture.supernode();
    contact = new FakePieces();
    fixture.source.put(URI_A, content);
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
    contact.close();
  }

  private FetchRequest.Builder request() {
    MessageDigest sha = Digest.newSha256();
    sha.update(content);
    return FetchRequest.builder(URI_A).digest(Digest.of(sha));
  }

  /** A client that knows this peer and the digest of the first piece alone. */
  private DistributionClient start(PeerId other, byte[] itsBytes) throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    InetSocketAddress at =
        fixture.transport().serve(ServeRequest.piecesOnly(any, contact)).address();
    ContentRequest asked = request().build().content();
    supernode
        .allowingBackToSource()
        .namingContacts(List.of(new Parent(7, new Peer(other, at, ""), "right")))
        .put(asked, FakePublication.of(content, fixture.source.version(URI_A)).knowing(1));
    contact.put(supernode.task(URI_A).id(), itsBytes);
    return fixture.startInFakeTime(fixture.of(supernode));
  }

  private void fetchAndLose(DistributionClient client) {
    Fetch fetch = client.start(request().output(fixture.output()).build());
    fixture.advanceUntil(() -> fetch.progress().bytes() == PIECE);
    supernode.fallSilent();
    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertThat(fixture.output()).hasBinaryContent(content);
  }

  /** In two requests if the last refusal comes after the first request has begun. */
  private void assertEachMissingByteIsReadOnce() {
    assertThat(fixture.source.rangesRead()).hasSizeBetween(1, 2);
    assertThat(fixture.source.bytesRead()).isEqualTo(5 * PIECE);
  }

  @Test
  void oneReadsTheSourceForAll() throws Exception {
    fetchAndLose(start(LOWEST, content));

    assertThat(fixture.source.rangesRead()).isEmpty();
    assertThat(contact.asks()).hasSize(5).allMatch(ask -> ask.capability().equals("right"));
  }

  @Test
  void thatOneIsTheSameForAll() throws Exception {
    fetchAndLose(start(HIGHEST, content));

    assertThat(contact.asks()).isEmpty();
    assertThat(fixture.source.rangesRead()).containsExactly(ByteRange.of(PIECE, 6 * PIECE));
  }

  @Test
  void oneThatGivesNothingIsLeft() throws Exception {
    DistributionClient client = start(LOWEST, content);
    contact.refuse(new PieceDownloadException(Outcome.REFUSED, "this parent has stopped"));
    fetchAndLose(client);

    assertEachMissingByteIsReadOnce();
  }

  @Test
  void soIsOneThatNeverHasAPiece() throws Exception {
    DistributionClient client = start(LOWEST, content);
    contact.refuse(new PieceDownloadException(Outcome.NOT_YET, "the piece is not there yet"));
    fetchAndLose(client);

    assertThat(contact.asks()).hasSizeBetween(6, 100);
    assertEachMissingByteIsReadOnce();
  }

  @Test
  void wrongBytesReachNoReaderAndAreReadFromTheSource() throws Exception {
    byte[] wrong = content.clone();
    wrong[4 * PIECE + 5]++;
    DistributionClient client = start(LOWEST, wrong);
    try (FetchStream stream = client.stream(request().build())) {
      CompletableFuture<byte[]> read =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return stream.readAllBytes();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      fixture.advanceUntil(() -> stream.fetch().progress().bytes() == PIECE);
      supernode.fallSilent();
      fixture.advanceUntil(read::isDone);

      assertThat(read.get()).isEqualTo(content);
      assertThat(contact.asks()).hasSize(5);
      assertEachMissingByteIsReadOnce();
    }
  }

  /** A part of a file has no digest that could prove it. */
  @Test
  void aRangeIsReadFromTheSource() throws Exception {
    DistributionClient client = start(LOWEST, content);
    Fetch fetch =
        client.start(request().output(fixture.output()).range(ByteRange.of(0, 3 * PIECE)).build());
    fixture.advanceUntil(() -> fetch.progress().bytes() == PIECE);
    supernode.fallSilent();
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(contact.asks()).isEmpty();
    assertThat(fixture.source.rangesRead()).containsExactly(ByteRange.of(PIECE, 3 * PIECE));
  }
}
