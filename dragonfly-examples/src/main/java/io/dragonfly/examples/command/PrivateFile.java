package io.dragonfly.examples.command;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.rolling.RollingFileAppender;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Appends a log to a file that its user alone can read, also after it was rotated. */
final class PrivateFile extends RollingFileAppender<ILoggingEvent> {
  private static final Logger LOG = LoggerFactory.getLogger(PrivateFile.class);

  private static final Set<PosixFilePermission> OWNER_ALONE =
      PosixFilePermissions.fromString("rw-------");

  @Override
  public void openFile(String name) throws IOException {
    streamWriteLock.lock();
    try {
      setOutputStream(new Reopened(Path.of(name)));
    } finally {
      streamWriteLock.unlock();
    }
  }

  /**
   * Opens a file to append to it. It is made if it is not there; its directory is not.
   *
   * @throws IOException if it is a link or no file: whoever made that must not choose what is
   *     written
   */
  static OutputStream open(Path file) throws IOException {
    boolean isPosix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
        && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileSystemException(file.toString(), null, "it is a link or no file");
    }
    if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
      Files.createFile(
          file,
          isPosix
              ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER_ALONE)}
              : new FileAttribute<?>[0]);
    }
    if (isPosix) { // one that was there before may have another mode
      PosixFileAttributeView attributes =
          Files.getFileAttributeView(file, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
      Objects.requireNonNull(attributes).setPermissions(OWNER_ALONE);
    }
    // Unlike a channel it is not closed by an interrupt of a thread that logs.
    return Files.newOutputStream(file, StandardOpenOption.APPEND, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * A file that is opened again after a write has failed, such as on a full disk. An exception
   * would end the appender, so the log says what is lost. The appender's lock guards it.
   */
  private static final class Reopened extends OutputStream {
    private final Path file;
    private @Nullable OutputStream out;
    private boolean failed;

    Reopened(Path file) throws IOException {
      this.file = file;
      this.out = open(file);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      try {
        OutputStream to = out == null ? open(file) : out;
        out = to;
        to.write(bytes, offset, length);
        failed = false;
      } catch (IOException e) {
        close();
        if (!failed) {
          failed = true;
          LOG.error("{} cannot be written, its lines are lost: {}", file, WhyNot.of(e));
        }
      }
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void close() {
      try {
        if (out != null) {
          out.close();
        }
      } catch (IOException e) {
        LOG.debug("{} could not be closed: {}", file, e.toString());
      }
      out = null;
    }
  }
}
