package io.dragonfly.internal.rate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the processes of a host look for their common limit: in memory, so that a reboot clears it.
 * That is {@code /dev/shm/dragonfly} if the administrator has made it, else {@code /dev/shm}; a
 * machine without that has only a place for each user.
 */
public final class LimitPlace {
  private static final Logger LOG = LoggerFactory.getLogger(LimitPlace.class);
  private static final Path MEMORY = Path.of("/dev/shm");
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
  private static final String ROOT = "0";
  private static final String USER =
      ownerOfFirst(List.of(Path.of("/proc/self"), Path.of(System.getProperty("user.home", ""))));

  private final Optional<Path> given;
  private final Path memory;
  private boolean warned;

  LimitPlace(Optional<Path> given, Path memory) {
    this.given = given;
    this.memory = memory;
  }

  static LimitPlace of(Optional<Path> given) {
    return new LimitPlace(given, MEMORY);
  }

  /**
   * Returns the directory.
   *
   * @param needed whether a limit is to be shared there: then a poor place is worth a warning
   */
  Path directory(boolean needed) {
    if (given.isPresent()) {
      return given.get();
    }
    Path shared = memory.resolve("dragonfly");
    if (Files.isDirectory(shared, LinkOption.NOFOLLOW_LINKS) && isTrusted(shared)) {
      return shared;
    }
    if (Files.isDirectory(memory)) {
      return memory;
    }
    Path own = ownOfUser();
    if (needed && !warned) {
      warned = true;
      LOG.warn(
          "There is no {}: the limit of this host is kept in {}, for this user alone", memory, own);
    }
    return own;
  }

  /** Anybody can make a directory in one that is everybody's. */
  private static boolean isTrusted(Path directory) {
    try {
      String owner = owner(directory);
      return owner.equals(ROOT) || owner.equals(USER);
    } catch (IOException | UnsupportedOperationException e) {
      return false; // gone again, or no such system: then it is not used
    }
  }

  private static Path ownOfUser() {
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    return runtime == null || runtime.isEmpty()
        ? Path.of(System.getProperty("java.io.tmpdir"))
        : Path.of(runtime);
  }

  /** Names the effective user of this process: its number, where the system has numbers. */
  public static String user() {
    return USER;
  }

  /** Names the owner of the first of what this user alone owns; links are followed. */
  static String ownerOfFirst(List<Path> own) {
    for (Path path : own) {
      try {
        return String.valueOf(Files.getAttribute(path, "unix:uid"));
      } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
        LOG.debug("{} does not tell who the user is", path, e);
      }
    }
    return System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9]", "_");
  }

  /** Names the owner of a file, or of a link, as {@link #user} does. */
  public static String owner(Path path) throws IOException {
    return String.valueOf(Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS));
  }

  /** Names the time since the kernel started, as far as it has a name. */
  static String bootId() {
    try {
      String id = Files.readString(BOOT_ID, StandardCharsets.US_ASCII).trim();
      return id.substring(0, Math.min(8, id.length()));
    } catch (IOException e) {
      return "0"; // what an earlier boot left is found by its time: it lies too far ahead
    }
  }
}
