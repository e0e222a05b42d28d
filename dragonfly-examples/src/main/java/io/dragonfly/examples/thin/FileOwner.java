package io.dragonfly.examples.thin;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * Tells to whom a file belongs. A command uses a data directory only if it belongs to the user that
 * runs it: anyone who can write there chooses what a peer reads, writes and sends. This also holds
 * for root.
 *
 * <p>There is one exception, for volumes of containers, which belong to root and to a group of the
 * container: a directory of root that its group may write to, and others not. Root can read and
 * change the files of every user anyway, and has itself chosen who is in that group. A directory
 * that every user may write to is refused also if it is sticky: nobody else could delete a file
 * there, but could be the first to make it.
 */
public final class FileOwner {
  private static final String USER_ID = "unix:uid";
  private static final String MODE = "unix:mode";
  private static final String ROOT = "0";
  private static final int GROUP_MAY_WRITE = 020;
  private static final int OTHERS_MAY_WRITE = 02;

  private static final String ME = user();

  private FileOwner() {}

  /**
   * Returns why the user of this process must not use a data directory; empty if it belongs to that
   * user, or to root and a group of the user, or is not there yet.
   */
  public static String refusal(Path home) {
    return refusal(home, ME);
  }

  /** The same for another user, named as {@link #me} does. */
  static String refusal(Path home, String user) {
    try {
      String id = id(home);
      if (user.equals(id)) {
        return "";
      }
      int mode = id.equals(ROOT) ? (Integer) Files.getAttribute(home, MODE) : 0;
      if ((mode & OTHERS_MAY_WRITE) != 0) {
        return "Every user may write to data directory "
            + home
            + ", which belongs to root: another one could replace its files. Choose a directory of"
            + " your own in it, such as --home "
            + home.resolve("dragonfly")
            + ".";
      }
      if ((mode & GROUP_MAY_WRITE) != 0 && Files.isWritable(home)) {
        return "";
      }
      String owner = Files.getOwner(home).getName();
      return "Data directory "
          + home
          + " belongs to user "
          + owner
          + ", not to the user of this command. Run the command as "
          + owner
          + ", or choose a directory of your own with --home.";
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return ""; // missing, unreadable, or without an owner: whoever uses it reports that
    }
  }

  /** Tells whether a file, or a link itself, belongs to the user of this process. */
  static boolean isMine(Path path) {
    try {
      return ME.equals(id(path, LinkOption.NOFOLLOW_LINKS));
    } catch (UnsupportedOperationException | IllegalArgumentException e) {
      return Files.exists(path, LinkOption.NOFOLLOW_LINKS); // a system without owners
    } catch (IOException e) {
      return false;
    }
  }

  /** Names the effective user of this process: its number, where the system has numbers. */
  static String me() {
    return ME;
  }

  private static String user() {
    String[] own = {"/proc/self", System.getProperty("user.home", "/")};
    for (String path : own) {
      try {
        return id(new File(path).toPath());
      } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
        // the next one, or the name
      }
    }
    return System.getProperty("user.name", "");
  }

  private static String id(Path path, LinkOption... options) throws IOException {
    return String.valueOf(Files.getAttribute(path, USER_ID, options));
  }
}
