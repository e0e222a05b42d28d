package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.fetch.FetchStream;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.EOFException;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A content on its way to a client, from whichever way brings its bytes: one way may go on where
 * another has stopped. Where all of a content with a known digest is sent, the last bytes are held
 * back until the whole has matched. Confined to the exchange's thread.
 */
final class Delivery {
  private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

  /** A swarm that is late again and again is not gone back to. */
  private static final int MOST_RETURNS = 3;

  private final ProxyResponse answer;
  private final Optional<Digest> expected;
  private Optional<ByteRange> wanted;
  private @Nullable MessageDigest running;
  private long next;
  private OptionalLong end = OptionalLong.empty();
  private @Nullable ByteBuf held;
  private boolean begun;
  private @Nullable LateStream late;
  private int returns;

  /**
   * A delivery that has not begun.
   *
   * @param wanted the bytes that the client asked for, if not all
   * @param digest what the whole content must have, if that is known
   */
  Delivery(ProxyResponse answer, Optional<ByteRange> wanted, Optional<Digest> digest) {
    this.answer = answer;
    this.wanted = wanted;
    this.expected = digest;
    this.next = wanted.map(ByteRange::start).orElse(0L);
    this.running = newDigest();
  }

  /** Whatever begins with the first byte may turn out to be the whole. */
  private @Nullable MessageDigest newDigest() {
    return expected.isPresent() && next == 0 ? Digest.newSha256() : null;
  }

  /** The whole comes, although a part was asked for: not everybody knows ranges. */
  void takeWhole() {
    wanted = Optional.empty();
    next = 0;
    running = newDigest();
  }

  /** All bytes came, and they are not those that the URL names. */
  static final class CorruptException extends Exception {
    private static final long serialVersionUID = 1L;

    CorruptException(String message) {
      super(message, null, false, false);
    }
  }

  ProxyResponse answer() {
    return answer;
  }

  boolean isBegun() {
    return begun;
  }

  /** Returns the position in the content of the byte that is needed next. */
  long next() {
    return next;
  }

  /** Returns the bytes that are still needed, if not simply all. */
  Optional<ByteRange> needed() {
    if (!begun) {
      return wanted;
    }
    return next == 0 && wanted.isEmpty()
        ? Optional.empty()
        : Optional.of(new ByteRange(0, end).startingAt(next));
  }

  /**
   * Sends the head.
   *
   * @param length bytes of the body, if that is known
   * @param total bytes of the whole content, if that is known
   * @throws CorruptException if nothing will come, and that is not what was asked for
   */
  void begin(
      HttpResponseStatus status, HttpHeaders headers, OptionalLong length, OptionalLong total)
      throws ClientGoneException, CorruptException {
    begun = true;
    if (length.isPresent()) {
      end = OptionalLong.of(next + length.getAsLong());
    }
    if (!reachesTheEnd(total)) {
      running = null; // nobody knows the digest of a part
    }
    if (isAtEnd()) {
      verify(); // there will be no last byte to hold back
    }
    answer.head(status, headers, length);
  }

  private boolean reachesTheEnd(OptionalLong total) {
    if (total.isPresent() && end.isPresent()) {
      return end.equals(total);
    }
    return wanted.isEmpty() || wanted.get().isOpen();
  }

  private boolean isAtEnd() {
    return end.isPresent() && next == end.getAsLong();
  }

  /**
   * Hands over bytes.
   *
   * @throws CorruptException if these are the last ones of something else than what was asked for
   */
  void write(byte[] bytes, int offset, int count) throws ClientGoneException, CorruptException {
    if (end.isPresent() && count > end.getAsLong() - next) {
      throw new CorruptException("more bytes came than were announced");
    }
    if (running != null) {
      running.update(bytes, offset, count);
    }
    next += count;
    if (isAtEnd()) {
      verify();
    }
    ByteBuf part = answer.buffer(count);
    part.writeBytes(bytes, offset, count);
    if (running != null && end.isEmpty()) {
      // Any part may be the last.
      ByteBuf before = held;
      held = part;
      if (before != null) {
        answer.body(before);
      }
    } else {
      answer.body(part);
    }
  }

  private void verify() throws CorruptException {
    if (running != null && expected.isPresent()) {
      Digest actual = Digest.of(running);
      if (!actual.equals(expected.get())) {
        throw new CorruptException(
            "the bytes that came have the digest %s, not %s".formatted(actual, expected.get()));
      }
    }
  }

  /**
   * Sends the end.
   *
   * @throws CorruptException if something else came than what was asked for
   * @throws EOFException if less came than was announced
   */
  void end() throws ClientGoneException, CorruptException, EOFException {
    if (end.isPresent() && !isAtEnd()) {
      throw new EOFException("the content ended before byte " + end.getAsLong());
    }
    if (end.isEmpty() || next == 0) {
      end = OptionalLong.of(next);
      verify();
    }
    ByteBuf last = held;
    held = null;
    if (last != null) {
      answer.body(last);
    }
    answer.end();
  }

  /**
   * Keeps a stream of the swarm that was late, since it may deliver again; closes one that was late
   * too often.
   *
   * @param opener opens a stream of the same content from a byte on
   */
  void keep(FetchStream stream, LongFunction<FetchStream> opener) {
    closeLate();
    late = new LateStream(opener, stream, next, end);
    if (returns == MOST_RETURNS) {
      closeLate();
    } else {
      moveLate();
    }
  }

  /** The swarm is asked again a little later. */
  private void moveLate() {
    try {
      if (late != null) {
        late.moveOn(next);
      }
    } catch (IOException | RuntimeException e) {
      LOG.debug("The swarm delivers no more", e);
      closeLate();
    }
  }

  /** Returns how many bytes may come directly before {@link #isReachedBySwarm} is asked. */
  long bytesUntilSwarm() {
    return late == null ? Long.MAX_VALUE : Math.max(1, late.position() - next);
  }

  /** Tells whether the swarm, which was late, has the byte that is needed next. */
  boolean isReachedBySwarm() {
    LateStream from = late;
    if (from == null || next < from.position()) {
      return false;
    }
    boolean isReady = from.isReady();
    if (!isReady) {
      moveLate();
    }
    return isReady;
  }

  /** Tells whether the swarm, which was late, may be waited for once more. */
  boolean mayWaitForSwarm() {
    return late != null && returns == 0;
  }

  /** Returns the stream that was late, at the byte that is needed next; the caller closes it. */
  FetchStream takeLate() throws IOException {
    LateStream from = late;
    if (from == null) {
      throw new IOException("the swarm was not late");
    }
    late = null;
    returns++;
    try (from) {
      return from.take(next);
    }
  }

  private void closeLate() {
    LateStream left = late;
    late = null;
    if (left != null) {
      try {
        left.close();
      } catch (IOException e) {
        LOG.debug("Closing a stream failed", e);
      }
    }
  }

  /** Lets go of what is held back. */
  void close() {
    closeLate();
    if (held != null) {
      held.release();
      held = null;
    }
  }
}
