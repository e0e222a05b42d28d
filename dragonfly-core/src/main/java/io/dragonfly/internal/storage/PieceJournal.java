package io.dragonfly.internal.storage;

import io.dragonfly.internal.storage.OpenFiles.Lease;
import io.dragonfly.internal.storage.OpenFiles.Use;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.PieceLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;

/**
 * The file that says which pieces of a task are sealed. A record is 44 bytes: kind, three zeros,
 * piece, digest, CRC-32C of those, numbers big-endian. Records are only ever added; the last one
 * about a piece counts. Safe for concurrent use.
 */
final class PieceJournal {
  private static final int RECORD = 1 + 3 + Integer.BYTES + PieceDigests.BYTES + Integer.BYTES;
  private static final byte SEALED = 1;
  private static final byte UNSEALED = 2;
  private static final byte[] NO_DIGEST = new byte[PieceDigests.BYTES];

  /** Records are read this many at a time. */
  private static final int READ_RECORDS = 1024;

  private final Path file;
  private final OpenFiles files;

  /** Held while a record is written: two at one place would destroy each other. */
  private final ReentrantLock lock = new ReentrantLock();

  private long size;

  private PieceJournal(Path file, OpenFiles files, long size) {
    this.file = file;
    this.files = files;
    this.size = size;
  }

  /** Makes the empty journal of a new task. */
  static void create(Path file) throws IOException {
    OwnerOnly.createFile(file);
  }

  /** Goes on with a journal that has been read or made. */
  static PieceJournal open(Path file, OpenFiles files) throws IOException {
    return new PieceJournal(file, files, Files.size(file));
  }

  /** What a journal says. */
  static final class Content {
    private final PieceSet pieces = new PieceSet();
    private boolean clean = true;

    PieceSet pieces() {
      return pieces;
    }

    /** Tells whether each record was whole: else one that withdrew a piece may be missing. */
    boolean isClean() {
      return clean;
    }
  }

  /** Reads a journal; drops what is not a whole record about a piece of this layout. */
  static Content read(Path file, PieceLayout layout) throws IOException {
    Content content = new Content();
    ByteBuffer buffer = ByteBuffer.allocate(READ_RECORDS * RECORD);
    try (var channel = Files.newByteChannel(file)) {
      int count = 0;
      while (count >= 0) {
        count = channel.read(buffer);
        buffer.flip();
        while (buffer.remaining() >= RECORD) {
          content.clean &= apply(buffer, layout, content.pieces);
        }
        buffer.compact();
      }
    }
    content.clean &= buffer.position() == 0;
    return content;
  }

  private static boolean apply(ByteBuffer buffer, PieceLayout layout, PieceSet pieces) {
    int start = buffer.position();
    int expected = checksum(buffer.slice(start, RECORD - Integer.BYTES));
    byte kind = buffer.get();
    int piece = buffer.position(start + 4).getInt();
    byte[] digest = new byte[PieceDigests.BYTES];
    buffer.get(digest);
    if (buffer.getInt() != expected || !layout.isPiece(piece)) {
      return false;
    }
    switch (kind) {
      case SEALED -> pieces.seal(piece, digest);
      case UNSEALED -> pieces.unseal(piece);
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Writes a journal anew, with what counts alone. */
  static void rewrite(Path file, PieceSet pieces, Machine machine) throws IOException {
    BitSet known = pieces.known();
    BitSet unsealed = pieces.known();
    unsealed.andNot(pieces.sealed());
    int records = known.cardinality() + unsealed.cardinality();
    ByteBuffer all = ByteBuffer.allocate(Math.multiplyExact(records, RECORD));
    known.stream().forEach(p -> all.put(sealedRecord(p, pieces.digest(p).orElseThrow())));
    unsealed.stream().forEach(p -> all.put(unsealedRecord(p)));
    OwnerOnly.replaceDurably(file, all.array(), machine);
  }

  void sealed(int piece, Digest digest) throws IOException {
    append(sealedRecord(piece, digest));
  }

  void unsealed(int piece) throws IOException {
    append(unsealedRecord(piece));
  }

  /** Drops all records. */
  void clear() throws IOException {
    lock.lock();
    try {
      Uninterrupted.run(
          () -> {
            try (Lease lease = files.open(file, Use.WRITE)) {
              var unused = lease.channel().truncate(0);
            }
          });
      size = 0;
    } finally {
      lock.unlock();
    }
  }

  /** Hands what was added to the disk. */
  void sync(Machine machine) throws IOException {
    try (Lease lease = files.open(file, Use.WRITE)) {
      machine.sync(file, lease.channel());
    }
  }

  private void append(ByteBuffer record) throws IOException {
    lock.lock();
    try {
      Uninterrupted.run(
          () -> {
            record.rewind();
            try (Lease lease = files.open(file, Use.WRITE)) {
              // By position: a record of which only a part got onto a full disk is overwritten by
              // the next one.
              while (record.hasRemaining()) {
                lease.channel().write(record, size + record.position());
              }
            }
          });
      size += RECORD;
    } finally {
      lock.unlock();
    }
  }

  private static ByteBuffer sealedRecord(int piece, Digest digest) {
    return record(SEALED, piece, digest.bytes());
  }

  private static ByteBuffer unsealedRecord(int piece) {
    return record(UNSEALED, piece, NO_DIGEST);
  }

  private static ByteBuffer record(byte kind, int piece, byte[] digest) {
    ByteBuffer record = ByteBuffer.allocate(RECORD);
    record.put(kind).position(4).putInt(piece).put(digest);
    record.putInt(checksum(record.slice(0, RECORD - Integer.BYTES)));
    return record.flip();
  }

  private static int checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
