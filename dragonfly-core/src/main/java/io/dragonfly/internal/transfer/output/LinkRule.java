package io.dragonfly.internal.transfer.output;

import io.dragonfly.error.OutputException;
import io.dragonfly.internal.rate.LimitPlace;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Which symbolic links an output may lead through: the rule of Linux's {@code
 * fs.protected_symlinks}. In a directory where everybody may write, such as {@code /tmp}, a link is
 * followed only if it belongs to this user or to the owner of the directory. The kernel cannot
 * apply the rule itself: an output replaces the file that a link leads to, so the link is read and
 * not followed.
 */
final class LinkRule {
  /** The rule for the user of this process. */
  static final LinkRule OF_THIS_USER = new LinkRule(LimitPlace.user(), new UnixAttributes());

  /** As many as the kernel follows. */
  private static final int MOST_LINKS = 40;

  private static final int STICKY_AND_WRITABLE_BY_ALL = 01002;

  private final String user;
  private final Attributes attributes;

  /**
   * A rule.
   *
   * @param user names the user that follows links, as {@link Attributes#owner} names owners
   */
  LinkRule(String user, Attributes attributes) {
    this.user = user;
    this.attributes = attributes;
  }

  /** What the rule asks a file system. Tests have answers of their own. */
  interface Attributes {
    /** Names the owner of a directory, or of a link itself. */
    String owner(Path path) throws IOException;

    /** Returns the mode of a directory; 0 if the file system has none. */
    int mode(Path directory) throws IOException;
  }

  /**
   * Follows the links that a path leads through. Callers use the returned path and do not follow
   * the links again: another user may have changed them since.
   *
   * @return the path behind the last link; nothing need exist there
   * @throws OutputException if a link must not be followed
   * @throws IOException if one cannot be read
   */
  Path follow(Path output) throws IOException {
    Path at = output.toAbsolutePath();
    for (int i = 0; Files.isSymbolicLink(at); i++) {
      if (i == MOST_LINKS) {
        throw new FileSystemLoopException(output.toString());
      }
      // Of the real directory: a path such as /proc/self/fd may lead to any.
      Path directory = Optional.ofNullable(at.getParent()).orElseThrow().toRealPath();
      Path link = directory.resolve(at.getFileName());
      // Before the check: another user may replace the link now, but not by a link of this user.
      Path target = Files.readSymbolicLink(link);
      checkLink(link, directory);
      at = directory.resolve(target);
    }
    return at;
  }

  private void checkLink(Path link, Path directory) throws IOException {
    int mode = attributes.mode(directory);
    if ((mode & STICKY_AND_WRITABLE_BY_ALL) != STICKY_AND_WRITABLE_BY_ALL) {
      return;
    }
    String owner = attributes.owner(link);
    if (!owner.equals(user) && !owner.equals(attributes.owner(directory))) {
      throw new OutputException(
          "Output %s is a link of another user in %s, where everybody may write. Remove it or choose another output."
              .formatted(link, directory));
    }
  }

  private static final class UnixAttributes implements Attributes {
    @Override
    public String owner(Path path) throws IOException {
      return LimitPlace.owner(path);
    }

    @Override
    public int mode(Path directory) throws IOException {
      return directory.getFileSystem().supportedFileAttributeViews().contains("unix")
          ? (Integer) Files.getAttribute(directory, "unix:mode", LinkOption.NOFOLLOW_LINKS)
          : 0;
    }
  }
}
