package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.internal.writing.BufferPool;
import io.dragonfly.internal.writing.DiskWriter;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pieces that are lost while a source is read once more from its beginning. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class PieceLineTest {
  private static final int PIECE = PieceLayout.MIN_PIECE_LENGTH;
  private static final byte[] CONTENT = CdnFixture.bytes(2 * PIECE);

  private final MemoryStorage storage = new MemoryStorage();
  private final DiskWriter writer = new DiskWriter("dragonfly-disk");
  private final List<Integer> sealed = new ArrayList<>();
  private StoredTask stored;

  @BeforeEach
  void store() throws IOException {
    stored =
        storage.create(
            Task.of(
                ContentRequest.of(URI.create("fake://host/file")).key(),
                new SourceVersion(Optional.of("\"1\""), OptionalLong.of(CONTENT.length)),
                Optional.empty(),
                ""));
    for (int piece = 0; piece < 2; piece++) {
      stored.write((long) piece * PIECE, ByteBuffer.wrap(CONTENT, piece * PIECE, PIECE));
      stored.seal(piece, digest(piece));
    }
  }

  @AfterEach
  void close() throws Exception {
    writer.close();
    storage.close();
  }

  private static Digest digest(int piece) {
    var sha = Digest.newSha256();
    sha.update(CONTENT, piece * PIECE, PIECE);
    return Digest.of(sha);
  }

  private PieceLine line(Optional<WriteBehind> behind) {
    PieceLine.Place place =
        new PieceLine.Place() {
          @Override
          public StoredTask stored() {
            return stored;
          }

          @Override
          public void sealed(int piece, Digest digest) {
            sealed.add(piece);
          }

          @Override
          public boolean makeRoom(NoSpaceException lacking) {
            return false;
          }
        };
    return new PieceLine(place, 0, behind, Optional.empty());
  }

  private static void accept(PieceLine line, int from, int to) {
    byte[] part = Arrays.copyOfRange(CONTENT, from, to);
    line.accept(part, part.length);
  }

  @Test
  void whatIsLostInTheMiddleIsNotSealedWithHalfOfIt() throws Exception {
    PieceLine line = line(Optional.empty());
    accept(line, 0, PIECE / 2);
    stored.unseal(0);
    accept(line, PIECE / 2, 2 * PIECE);
    line.end(OptionalLong.empty());
    line.complete();

    assertThat(stored.has(0)).isFalse(); // another read brings all of it
    assertThat(stored.has(1)).isTrue();
    assertThat(sealed).isEmpty();
  }

  @Test
  void whatIsLostBeforeItsFirstByteIsWrittenAndSealed() throws Exception {
    PieceLine line = line(Optional.empty());
    accept(line, 0, PIECE);
    stored.unseal(1);
    accept(line, PIECE, 2 * PIECE);
    line.end(OptionalLong.empty());
    line.complete();

    assertThat(stored.has(1)).isTrue();
    assertThat(sealed).containsExactly(1);
  }

  @Test
  void whatIsLostAfterItsLastByteDoesNotEndTheRead() throws Exception {
    WriteBehind behind =
        new WriteBehind(
            stored,
            new WriteBehind.Buffers(new BufferPool(4), writer),
            (piece, digest) -> sealed.add(piece));
    PieceLine line = line(Optional.of(behind));
    accept(line, 0, 2 * PIECE);
    stored.unseal(1);
    line.end(OptionalLong.empty());
    line.close(true);
    line.complete();

    assertThat(stored.has(1)).isFalse();
    assertThat(sealed).isEmpty();
  }
}
