package io.dragonfly.internal.writing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
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
    CompletableFuture<Void> one = pool.room();
    CompletableFuture<Void> two = pool.room();
    pool.give(first);
    assertThat(one).isNotDone();
    pool.give(second);
    assertThat(one).isDone();
    assertThat(two).isNotDone();
    pool.give(third);
    assertThat(two).isDone();
    assertThat(pool.room()).isDone();
  }
}
