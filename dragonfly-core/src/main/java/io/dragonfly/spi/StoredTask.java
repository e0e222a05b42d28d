package io.dragonfly.spi;

import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One task in a {@link Storage}. Safe for concurrent use, except that the bytes of one piece are
 * written by one thread at a time.
 *
 * <p>A piece is written, then sealed with its digest. Only sealed pieces are seen, and only they
 * are found again by a later process. The caller has computed the digest over what it wrote; the
 * store does not read it again.
 */
public interface StoredTask {
  /** Returns the task, with its length once that is known. */
  Task task();

  /** Records the length that was learned at the end of the source's answer. */
  void learnLength(long length) throws IOException;

  /**
   * Writes bytes at an offset of the content; {@code data} is used up.
   *
   * @throws io.dragonfly.error.NoSpaceException if the disk runs full
   * @throws IOException if a sealed piece would be changed, or the disk fails
   */
  void write(long offset, ByteBuffer data) throws IOException;

  /**
   * Writes buffers whose bytes lie one behind the other, from an offset of the content on; all are
   * used up. They may be of several pieces. A store that can do so writes them at once: this is
   * called where the disk is slower than the network.
   *
   * @throws io.dragonfly.error.NoSpaceException if the disk runs full; some may be written then
   * @throws IOException if a sealed piece would be changed, or the disk fails
   */
  default void write(long offset, List<ByteBuffer> adjoining) throws IOException {
    long at = offset;
    for (ByteBuffer data : adjoining) {
      int count = data.remaining();
      write(at, data);
      at += count;
    }
  }

  /** Records that a piece is written and has this digest. From here on it is seen. */
  void seal(int piece, Digest digest) throws IOException;

  /** Withdraws a piece whose bytes turned out wrong. Its digest stays known. */
  void unseal(int piece) throws IOException;

  /** Tells whether a piece is sealed. Cheap. */
  boolean has(int piece);

  /** Returns the numbers of the sealed pieces, as a copy. */
  BitSet pieces();

  /** Returns the digest that a piece was sealed with, also after it was unsealed. */
  Optional<Digest> digest(int piece);

  /**
   * Tells whether {@link #region}, or sending what it returns, may wait for a disk: then the caller
   * calls {@link #readAhead} first if it must not wait. Looks only at what this process knows, so
   * it never blocks.
   */
  default boolean isCold(ByteRange range) {
    return false;
  }

  /**
   * Reads bytes of sealed pieces into the system's memory, so that they are not {@link #isCold} for
   * a while. Blocks on the disk.
   */
  default void readAhead(ByteRange range) throws IOException {}

  /**
   * Tells whether {@link #region} would have to read the bytes first, since somebody else may have
   * changed them. Cheap, unless they are {@link #isCold}.
   */
  default boolean isSuspect(ByteRange range) {
    return false;
  }

  /**
   * Has a piece read before it is given again, since somebody has found it wrong. Cheap: it is not
   * read now. A store that has no such state may give it until it is {@link #unseal}ed.
   */
  default void suspect(int piece) {}

  /**
   * Opens bytes of sealed pieces for reading. The caller closes the region. Unless they are {@link
   * #isCold} or {@link #isSuspect} it does not block: a transport's threads call it.
   *
   * @throws IOException if a piece in the range is not sealed, or is no longer what was sealed:
   *     then it is unsealed
   */
  PieceRegion region(ByteRange range) throws IOException;

  /**
   * Gives up the bytes of all pieces and frees their room; their digests stay known. Regions that
   * are open stay readable until they are closed. Nobody writes meanwhile.
   */
  default void evict() throws IOException {
    for (int piece : pieces().stream().toArray()) {
      unseal(piece);
    }
  }

  /** Returns what {@link #used} was told last, also by an earlier process; empty if not known. */
  default Optional<Instant> lastUse() {
    return Optional.empty();
  }

  /** Records when the task was last used, for later processes. A store need not. */
  default void used(Instant when) throws IOException {}

  /** Returns what {@link #readFrom} was told last, also by an earlier process, if it is known. */
  default Optional<String> lastUrl() {
    return Optional.empty();
  }

  /**
   * Records where the task is read from, for who looks after the store. A store need not.
   *
   * @param url without query, user and password
   */
  default void readFrom(String url) throws IOException {}

  /** Tells whether the task is to be kept, however long nobody uses it. */
  default boolean isPinned() {
    return false;
  }

  /**
   * Records whether the task is to be kept, for later processes too.
   *
   * @throws IOException also if this store cannot record it
   */
  default void pin(boolean pinned) throws IOException {
    throw new IOException("this store cannot pin tasks");
  }

  /**
   * Puts the whole content at a path, atomically, replacing what is there. Each output is a file of
   * its own: by hard link as long as no other path has it and the file system allows it, else as a
   * copy; a small content may always be a copy. All pieces must be sealed.
   *
   * @param mode the file's mode; that of any new file of this process if absent. Present on POSIX
   *     file systems alone
   * @throws io.dragonfly.error.OutputException if the path cannot be written
   */
  void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException;

  /** The same, with the mode of any new file of this process. */
  default void deliver(Path target) throws IOException {
    deliver(target, Optional.empty());
  }
}
