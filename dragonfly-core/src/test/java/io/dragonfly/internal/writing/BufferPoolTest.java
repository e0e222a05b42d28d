package io.dragonfly.internal.writing;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.TaskId;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
  private static final TaskId TASK = new TaskId("a".repeat(64));
  private static final TaskId LATE = new TaskId("b".repeat(64));

  private final BufferPool pool = new BufferPool(2);

  @Test
  void buffersComeBackCleared() {
    ByteBuffer buffer = pool.take();
    buffer.putInt(1).flip();
    pool.give(buffer);
    ByteBuffer again = pool.take();
    assertThat(again).isSameAs(buffer);
    assertThat(again.position()).isZero();
    assertThat(again.remaining()).isEqualTo(BufferPool.BUFFER_BYTES);
  }

  @Test
  void letsBuffersGoThatNobodyUses() {
    ByteBuffer buffer = pool.take();
    ByteBuffer other = pool.take();
    pool.give(buffer);
    pool.shrink();
    pool.give(other);

    assertThat(pool.take()).isSameAs(other);
    assertThat(pool.take()).isNotSameAs(buffer);
  }

  @Test
  void whatWasReadAlreadyAlwaysFindsABuffer() {
    pool.take();
    assertThat(pool.isEmpty()).isFalse();
    pool.take();
    assertThat(pool.isEmpty()).isTrue();
    assertThat(pool.take()).isNotNull();
  }

  @Test
  void whoWaitsGoesOnInOrderWhenThereIsRoom() {
    ByteBuffer first = pool.take();
    ByteBuffer second = pool.take();
    ByteBuffer third = pool.take();
    CompletableFuture<Void> one = pool.room(TASK);
    CompletableFuture<Void> two = pool.room(TASK);
    pool.give(first);
    assertThat(one).isNotDone();
    pool.give(second);
    assertThat(one).isDone();
    assertThat(two).isNotDone();
    pool.give(third);
    assertThat(two).isDone();
    assertThat(pool.room(TASK)).isDone();
  }

  @Test
  void aLateTaskWaitsForABufferInTurn() {
    ByteBuffer first = pool.take();
    ByteBuffer second = pool.take();
    List<CompletableFuture<Void>> many = Stream.generate(() -> pool.room(TASK)).limit(60).toList();
    CompletableFuture<Void> late = pool.room(LATE);

    pool.give(first);
    assertThat(late).isNotDone();
    pool.give(second);

    assertThat(late).isDone();
    assertThat(many).filteredOn(CompletableFuture::isDone).hasSizeLessThan(3);
  }
}
