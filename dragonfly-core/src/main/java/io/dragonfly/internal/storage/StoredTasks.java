package io.dragonfly.internal.storage;

import io.dragonfly.internal.storage.TaskRecord.LinkedOut;
import io.dragonfly.task.PieceLayout;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the tasks that earlier processes left. Pieces that were written since the kernel started
 * are taken as the journal says; others, and those of a journal that is not whole, are verified
 * before anybody gets them: not now, so that a full store opens as quickly as an empty one.
 */
final class StoredTasks {
  private static final Logger log = LoggerFactory.getLogger(StoredTasks.class);

  private static final List<String> NAMES =
      List.of(DiskTask.TASK, DiskTask.TASK + TaskFile.KEPT, DiskTask.PIECES, DiskTask.DATA);

  /** What is written beside a file, to take its place. */
  private static final String FRESH = ".new";

  private final Disk disk;
  private final Optional<String> bootId;

  StoredTasks(Disk disk, Optional<String> bootId) {
    this.disk = disk;
    this.bootId = bootId;
  }

  /**
   * Tells whether there is nothing but what we write for a task: anything else is somebody's, and
   * not to be removed.
   */
  static boolean holdsOursAlone(Path directory) {
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try (var entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (NAMES.stream().noneMatch(ours -> name.equals(ours) || name.equals(ours + FRESH))) {
          return false;
        }
      }
      return true;
    } catch (IOException | DirectoryIteratorException e) {
      return false; // nobody knows
    }
  }

  /**
   * Tells whether a directory may hold a pinned task: one has a copy of its record all the time.
   */
  static boolean mayBePinned(Path directory) {
    return TaskFile.hasCopy(directory.resolve(DiskTask.TASK));
  }

  /**
   * Reads the task in a directory.
   *
   * @throws BrokenTaskException if what is there is not a whole task
   * @throws IOException if it cannot be read just now
   */
  DiskTask load(Path directory) throws IOException {
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      throw new BrokenTaskException("it is not a directory", null);
    }
    for (String name : NAMES) {
      if (Files.isSymbolicLink(directory.resolve(name))) {
        throw new BrokenTaskException(name + " is a symbolic link, which none of ours is", null);
      }
    }
    try {
      return read(directory);
    } catch (NoSuchFileException e) {
      throw new BrokenTaskException("parts of the task are missing", e);
    }
  }

  private DiskTask read(Path directory) throws IOException {
    TaskFile file = TaskFile.read(directory.resolve(DiskTask.TASK));
    TaskRecord record = file.record();
    if (!directory.getFileName().toString().equals(record.task().id().hex())) {
      throw new BrokenTaskException("the directory has not the name of the task in it", null);
    }
    Path journal = directory.resolve(DiskTask.PIECES);
    PieceLayout layout = record.task().layout();
    PieceJournal.Content content = PieceJournal.read(journal, layout);
    DataFile data = new DataFile(directory.resolve(DiskTask.DATA), disk.files(), file);
    long size = Files.size(data.path());
    boolean fits = size == layout.length().orElse(size);
    boolean isShort = dropBehind(size, content.pieces(), layout, directory);
    if (isShort || !content.isClean()) {
      PieceJournal.rewrite(journal, content.pieces(), disk.machine());
    }
    if (!fits && record.linkedOut().isEmpty()) {
      data.setLength(layout.length().getAsLong());
    }
    noteLinks(data, file);
    boolean isOfThisBoot = bootId.isPresent() && bootId.equals(record.bootId());
    BitSet unverified = new BitSet();
    if (isShort || !fits || !content.isClean() || !isOfThisBoot || isNewer(data, journal)) {
      unverified.or(content.pieces().sealed());
    }
    // Until all are verified, the next process must not believe the journal either.
    if (unverified.isEmpty()) {
      file.update(r -> r.withBootId(bootId));
    } else if (isOfThisBoot) {
      file.update(r -> r.withBootId(Optional.empty()));
    }
    DiskTask task = new DiskTask(disk, directory, file, content.pieces(), unverified);
    task.syncRecordLater();
    return task;
  }

  /**
   * Tells whether the data may have changed after a piece of it was sealed last: by somebody else,
   * or by us for a piece that was not sealed any more.
   */
  private static boolean isNewer(DataFile data, Path journal) throws IOException {
    return Files.getLastModifiedTime(data.path()).compareTo(Files.getLastModifiedTime(journal))
        >= 0;
  }

  /** Drops the pieces that a file is too short for, and tells whether there were any. */
  private static boolean dropBehind(
      long size, PieceSet pieces, PieceLayout layout, Path directory) {
    int dropped = 0;
    for (int piece : pieces.sealed().stream().toArray()) {
      if (layout.range(piece).end() > size) {
        pieces.unseal(piece);
        dropped++;
      }
    }
    if (dropped > 0) {
      log.warn("dropped {} pieces of {}, which has become shorter", dropped, directory);
    }
    return dropped > 0;
  }

  /** Nobody but us makes links; whatever other name the data has, others can change it by that. */
  private static void noteLinks(DataFile data, TaskFile file) throws IOException {
    if (file.record().linkedOut().isEmpty() && FileStamp.links(data.path()) > 1) {
      LinkedOut linked = new LinkedOut(Optional.empty(), false);
      file.update(r -> r.withLinkedOut(Optional.of(linked)));
    }
  }
}
