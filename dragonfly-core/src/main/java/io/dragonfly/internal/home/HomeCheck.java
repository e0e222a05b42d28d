package io.dragonfly.internal.home;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;

/**
 * Tells whether a process may keep its files in a home directory: only if no other user chooses
 * what it reads and writes there. This also holds for root. {@link HomeRule} says when that is so.
 *
 * <p>Systems without owners are not judged, nor is what this process cannot see: using it fails
 * with a better reason. Safe for concurrent use.
 */
public final class HomeCheck {
  private static final String ME =
      ownerOfFirst(
          System.getProperty("user.name", ""), "/proc/self", System.getProperty("user.home", "/"));
  private static final HomeRule RULE =
      new HomeRule(ME, ownerOfFirst(HomeRule.ROOT, "/"), new UnixAttributes());

  private HomeCheck() {}

  /**
   * Returns why this process must not use a home; empty if nothing speaks against it yet. One that
   * is not there may become another user's, so only {@link #prepare} says that a home can be used.
   */
  public static String refusal(Path home) {
    try {
      return RULE.check(home);
    } catch (IOException e) {
      return ""; // missing or unreadable: whoever uses it reports that
    }
  }

  /**
   * Returns why this process must not read what is in a home; empty if it may. Root may read in the
   * home of any user, but only by a way that no other user can change.
   *
   * @throws IOException if the home is not there, or cannot be seen
   */
  public static String refusalToRead(Path home) throws IOException {
    return RULE.checkToRead(home);
  }

  /**
   * Makes a home and the directories that lead to it, each 0700; those that are there stay as they
   * are.
   *
   * @return why this process must not use it; empty if it may
   * @throws IOException if it is not there and cannot be made
   */
  public static String prepare(Path home) throws IOException {
    String refusal = refusal(home);
    if (!refusal.isEmpty()) {
      return refusal;
    }
    if (!Files.isDirectory(home)) {
      Files.createDirectories(home, ownerAlone(home));
    }
    return RULE.check(home); // in a directory such as /tmp another user may have been faster
  }

  /** Names the effective user of this process: its number, where the system has numbers. */
  public static String me() {
    return ME;
  }

  private static FileAttribute<?>[] ownerAlone(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }

  /** Names the owner of the first path that has one; links are followed. */
  private static String ownerOfFirst(String otherwise, String... paths) {
    for (String path : paths) {
      try {
        return String.valueOf(Files.getAttribute(Path.of(path), "unix:uid"));
      } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
        // the next one
      }
    }
    return otherwise;
  }

  private static final class UnixAttributes implements HomeRule.Attributes {
    @Override
    public Entry read(Path path) throws IOException {
      Map<String, Object> all =
          Files.readAttributes(path, "unix:uid,gid,mode", LinkOption.NOFOLLOW_LINKS);
      return new Entry(
          String.valueOf(all.get("uid")),
          String.valueOf(all.get("gid")),
          (Integer) Objects.requireNonNull(all.get("mode")));
    }
  }
}
