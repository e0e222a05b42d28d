package io.dragonfly.internal.storage;

import io.dragonfly.error.OutputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a task's data at a path: under a temporary name beside it first, by link or as a copy, then
 * by rename. So the path has at any time what it had before, or all of the data. A link is made if
 * no other path has one, since who edits one output in place must not change another; and not of a
 * small file.
 */
final class Delivery {
  private static final Logger log = LoggerFactory.getLogger(Delivery.class);

  /**
   * How often it is tried because the data was changed meanwhile. Who removes another output of the
   * task changes the data's times as well, and fetches of one task may be many.
   */
  private static final int MOST_TRIES = 10;

  private final Disk disk;
  private final DataFile data;
  private final Path target;
  private final Path temporary;
  private final Optional<Set<PosixFilePermission>> mode;
  private final String what;

  Delivery(
      Disk disk, DataFile data, Path target, Optional<Set<PosixFilePermission>> mode, String what) {
    this.disk = disk;
    this.data = data;
    this.target = target;
    this.mode = mode;
    this.temporary = target.resolveSibling(".dragonfly-" + UUID.randomUUID() + ".part");
    this.what = what;
  }

  /**
   * Delivers.
   *
   * @param verify throws if the data was changed
   */
  void run(Uninterrupted.FileAction verify) throws IOException {
    checkTarget();
    verify.run();
    try {
      if (!isDeliveredByLink(verify)) {
        copy(verify);
        reveal();
      }
    } finally {
      removeTemporary();
    }
  }

  private void checkTarget() {
    Path directory = target.getParent();
    if (directory == null || Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      throw cannotWrite("it is a directory", null);
    }
    if (!Files.exists(directory)) {
      throw cannotWrite("the directory " + directory + " does not exist", null);
    }
    if (!Files.isDirectory(directory)) {
      throw cannotWrite(directory + " is not a directory", null);
    }
    if (!Files.isWritable(directory)) {
      throw cannotWrite("the directory " + directory + " is not writable", null);
    }
  }

  private boolean isDeliveredByLink(Uninterrupted.FileAction verify) throws IOException {
    // A link to an empty file would let whoever appends to it append to the store, and for a link
    // the task's record is replaced twice: that takes longer than to write a small file.
    if (Files.size(data.path()) <= DiskTask.SMALL_BYTES) {
      return false;
    }
    FileStamp sample = sample();
    boolean[] linked = new boolean[1];
    for (int tries = 1; !data.link(target, sample, () -> linked[0] = isLinked()); tries++) {
      if (tries == MOST_TRIES) {
        return false;
      }
      verify.run();
    }
    return linked[0];
  }

  private boolean isLinked() {
    try {
      disk.machine().link(temporary, data.path());
    } catch (IOException | UnsupportedOperationException e) {
      // Another file system, or one without links, or too many of them: a copy says what is
      // wrong if that is not it.
      log.debug("cannot link {} to {}: {}", what, target, e.toString());
      return false;
    }
    reveal();
    // Where both names were links of one file already, the system leaves both. The one that goes
    // changes the file's times: later than now, that would look like a change by somebody else.
    removeTemporary();
    return true;
  }

  /** Makes the temporary file and removes it again: how does a new file look here? */
  private FileStamp sample() throws IOException {
    try {
      NewFile.create(temporary, mode).close();
      return FileStamp.of(temporary);
    } catch (IOException e) {
      throw cannotWrite(Reasons.of(e), e);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private void copy(Uninterrupted.FileAction verify) throws IOException {
    Path directory = Optional.ofNullable(target.getParent()).orElseThrow();
    long length = Files.size(data.path());
    disk.space().requireElsewhere(what, length, directory);
    for (int copies = 1; ; copies++) {
      try {
        data.copyTo(this::newTemporary);
      } catch (IOException e) {
        IOException explained = disk.space().explain(what, 1, directory, e);
        throw cannotWrite(Reasons.of(explained), explained);
      }
      if (data.difference().isEmpty()) {
        return;
      }
      if (copies == MOST_TRIES) {
        throw new IOException("the data of %s keeps changing on the disk".formatted(what));
      }
      verify.run();
    }
  }

  private FileChannel newTemporary() throws IOException {
    Files.deleteIfExists(temporary);
    return NewFile.create(temporary, mode);
  }

  private void reveal() {
    try {
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw cannotWrite(Reasons.of(e), e);
    }
  }

  private void removeTemporary() {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      log.warn("could not remove {}: {}", temporary, e.toString());
    }
  }

  private OutputException cannotWrite(String why, @Nullable IOException cause) {
    return new OutputException(
        "Cannot write %s: %s. Choose another output path.".formatted(target, why), cause);
  }
}
