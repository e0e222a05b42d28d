package io.dragonfly.internal.home;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The rule of {@link HomeCheck}, which is that of {@code StrictModes} of ssh: the home belongs to
 * the user of the process. The directories and symbolic links that lead to it belong to that user
 * or to root. Other users may write to none of the directories, except to one that leads to the
 * home and is sticky, such as {@code /tmp}: they cannot rename what is in it.
 *
 * <p>Volumes of containers belong to root and to a group of the container. So the group may write
 * to a directory of root, and such a directory may be the home of a user of its group: root has
 * chosen who is in the group. This group may write to the directories of the user below, too, and
 * all users may write to such a volume if it has the mark of a group (the set-group-ID bit) and
 * only leads to the home. A group that has the number of the user is the user's own.
 */
final class HomeRule {
  static final String ROOT = "0";

  private static final int KIND = 0170000;
  private static final int DIRECTORY = 0040000;
  private static final int LINK = 0120000;
  private static final int GROUP_ID_IS_INHERITED = 02000;
  private static final int STICKY = 01000;
  private static final int GROUP_MAY_WRITE = 020;
  private static final int OTHERS_MAY_WRITE = 02;

  /** As many as the kernel follows. */
  private static final int MOST_LINKS = 40;

  private final String user;
  private final String root;
  private final Attributes attributes;

  /**
   * The rule for one user.
   *
   * @param user the user that wants a home, as {@link Attributes.Entry#owner} names owners
   * @param root who owns the root directory: in a user namespace root may have another number
   */
  HomeRule(String user, String root, Attributes attributes) {
    this.user = user;
    this.root = root;
    this.attributes = attributes;
  }

  /** What the rule asks a file system. Tests have answers of their own. */
  interface Attributes {
    /**
     * Describes a file, or a link itself.
     *
     * @throws IOException if it is not there, or cannot be seen
     */
    Entry read(Path path) throws IOException;

    /** The numbers of the owner and of the group, and the mode with the kind of the file. */
    record Entry(String owner, String group, int mode) {
      boolean has(int bit) {
        return (mode & bit) != 0;
      }
    }
  }

  /**
   * Returns why the user must not use a home; empty if nothing speaks against it.
   *
   * @throws IOException if the home is not there, or cannot be seen
   */
  String check(Path home) throws IOException {
    return check(home, false);
  }

  /**
   * The same for what is in a home: root may read in the home of any user, but by a way that no
   * other user can change.
   */
  String checkToRead(Path home) throws IOException {
    return check(home, user.equals(ROOT));
  }

  private String check(Path home, boolean ofAnyUser) throws IOException {
    try {
      return follow(home.toAbsolutePath(), ofAnyUser);
    } catch (UnsupportedOperationException | IllegalArgumentException e) {
      return ""; // a system without owners
    }
  }

  /** Takes the way of the kernel: one name after the other, each link where it is met. */
  private String follow(Path home, boolean ofAnyUser) throws IOException {
    Deque<Path> names = new ArrayDeque<>();
    Path at = push(home, names, home);
    int links = 0;
    while (!names.isEmpty()) {
      String refusal = refusalOfWay(at, home);
      if (!refusal.isEmpty()) {
        return refusal;
      }
      Path name = names.removeFirst();
      String text = name.toString();
      if (text.equals("..")) {
        at = at.getParent() == null ? at : at.getParent();
      } else if (!text.isEmpty() && !text.equals(".")) {
        Path next = at.resolve(name);
        Attributes.Entry entry = attributes.read(next);
        if ((entry.mode() & KIND) != LINK) {
          at = next;
        } else if (!isTrusted(entry)) {
          return refusalOfLink(next, entry, home);
        } else if (++links > MOST_LINKS) {
          return ""; // the kernel refuses it
        } else {
          at = push(Files.readSymbolicLink(next), names, at);
        }
      }
    }
    return refusalOfHome(at, home, ofAnyUser);
  }

  /** Puts a path's names before others, and returns where they begin. */
  private static Path push(Path path, Deque<Path> names, Path from) {
    for (int i = path.getNameCount() - 1; i >= 0; i--) {
      names.addFirst(path.getName(i));
    }
    Path root = path.getRoot();
    return root == null ? from : root;
  }

  private String refusalOfWay(Path directory, Path home) throws IOException {
    Attributes.Entry entry = attributes.read(directory);
    if ((entry.mode() & KIND) != DIRECTORY) {
      return ""; // nothing can be in it: the kernel says so
    }
    if (!isTrusted(entry)) {
      String owner = owner(directory, entry);
      return "Directory "
          + directory
          + ", which leads to home "
          + home
          + ", belongs to user "
          + owner
          + ", who could replace the home. Run this as "
          + owner
          + ", or choose a home in a directory of your own.";
    }
    if (entry.has(STICKY)) {
      return "";
    }
    boolean isVolume = isRoot(entry) && entry.has(GROUP_ID_IS_INHERITED);
    if (entry.has(OTHERS_MAY_WRITE) && !(isVolume && entry.has(GROUP_MAY_WRITE))) {
      return "Every user may write to directory "
          + directory
          + " and so replace home "
          + home
          + ". Run 'chmod +t "
          + directory
          + "' as its owner, or choose another home.";
    }
    if (entry.has(GROUP_MAY_WRITE) && !isGroupTrusted(directory, entry)) {
      return "The group of directory "
          + directory
          + " may write to it and so replace home "
          + home
          + ". Run 'chmod g-w "
          + directory
          + "', or choose another home.";
    }
    return "";
  }

  private static String refusalOfLink(Path link, Attributes.Entry entry, Path home) {
    return "Link "
        + link
        + ", which leads to home "
        + home
        + ", belongs to user "
        + owner(link, entry)
        + ", who could make it lead elsewhere. Remove it, or choose another home.";
  }

  /**
   * Judges the directory itself.
   *
   * @param real the directory
   * @param home how it was named
   * @param ofAnyUser whether it may belong to another user
   */
  private String refusalOfHome(Path real, Path home, boolean ofAnyUser) throws IOException {
    Attributes.Entry entry = attributes.read(real);
    boolean mine = ofAnyUser || entry.owner().equals(user);
    if (entry.has(OTHERS_MAY_WRITE) && (mine || isRoot(entry))) {
      return "Every user may write to home "
          + home
          + " and so replace, or be the first to make, its files. "
          + remedy(entry, mine, home)
          + ", or choose another home.";
    }
    if (mine && entry.has(GROUP_MAY_WRITE) && !isGroupTrusted(real, entry)) {
      return "The group of home "
          + home
          + " may write to it and so replace its files. Run 'chmod g-w "
          + home
          + "', or choose another home.";
    }
    if (mine || (isRoot(entry) && entry.has(GROUP_MAY_WRITE) && Files.isWritable(real))) {
      return "";
    }
    String owner = owner(real, entry);
    return "Home "
        + home
        + " belongs to user "
        + owner
        + ", not to the user of this process. Run this as "
        + owner
        + ", or choose a directory of your own.";
  }

  /** What is shared on purpose should stay so: a directory in it can be a home. */
  private String remedy(Attributes.Entry entry, boolean mine, Path home) {
    boolean shared = entry.has(STICKY) || (isRoot(entry) && entry.has(GROUP_ID_IS_INHERITED));
    String inIt = "a directory in it, such as " + home.resolve("dragonfly");
    if (shared) {
      return "Choose " + inIt;
    }
    return mine
        ? "Run 'chmod go-w " + home + "'"
        : "Have root run 'chmod +t " + home + "' and choose " + inIt;
  }

  private boolean isTrusted(Attributes.Entry entry) {
    return entry.owner().equals(user) || isRoot(entry);
  }

  private boolean isRoot(Attributes.Entry entry) {
    return entry.owner().equals(ROOT) || entry.owner().equals(root);
  }

  /** Whether root has chosen who is in the group of a directory of root or of the user. */
  private boolean isGroupTrusted(Path directory, Attributes.Entry entry) throws IOException {
    if (isRoot(entry) || entry.group().equals(entry.owner())) {
      return true;
    }
    for (Path above = directory.getParent(); above != null; above = above.getParent()) {
      Attributes.Entry given = attributes.read(above);
      if (isRoot(given)
          && given.group().equals(entry.group())
          && given.has(GROUP_MAY_WRITE)
          && !given.has(STICKY)) {
        return true;
      }
    }
    return false;
  }

  private static String owner(Path path, Attributes.Entry entry) {
    try {
      return Files.getOwner(path, LinkOption.NOFOLLOW_LINKS).getName();
    } catch (IOException e) {
      return entry.owner(); // its owner may have removed it, but is not let off by that
    }
  }
}
