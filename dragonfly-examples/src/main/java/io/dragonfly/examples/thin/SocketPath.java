package io.dragonfly.examples.thin;

import io.dragonfly.internal.home.HomeCheck;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;

/**
 * Where the background peer of a data directory listens: a Unix domain socket in a directory that
 * only its user can enter. That is {@code run/peer.sock} in the data directory. Where this is
 * longer than the system allows, it is a name made of the data directory's path in {@code
 * /tmp/dragonfly-UID}: not in {@code XDG_RUNTIME_DIR}, which a background peer that was started by
 * cron or a service does not know.
 */
public final class SocketPath {
  /** Linux allows 107 bytes, macOS 103, and Java takes one or two of them. */
  private static final int MOST_BYTES = 100;

  private static final String NAME = "peer.sock";

  private SocketPath() {}

  /** Returns the path; nothing is looked up or made. */
  public static Path of(File home) throws IOException {
    return of(home, new File("/tmp"));
  }

  /** The same with another directory for what is too long. */
  static Path of(File home, File temporary) throws IOException {
    // Both ends must agree on the length, whatever links their users have named.
    File real = home.getCanonicalFile();
    File socket = new File(new File(real, "run"), NAME);
    byte[] bytes = socket.getPath().getBytes(StandardCharsets.UTF_8);
    if (bytes.length <= MOST_BYTES) {
      return socket.toPath();
    }
    String name = UUID.nameUUIDFromBytes(bytes) + ".sock";
    return new File(new File(temporary, "dragonfly-" + HomeCheck.me()), name).toPath();
  }

  /**
   * Makes the directory of a socket, for its user alone, and takes away what a process that was
   * killed has left there. Only who holds the lock of the data directory may do so.
   *
   * @throws IOException if the directory belongs to another user, or others may enter it and it
   *     holds something else
   */
  public static void prepare(Path socket) throws IOException {
    Path directory = directory(socket);
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      HomeDirectory.create(directory);
    }
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS) || !FileOwner.isMine(directory)) {
      throw new FileSystemException(directory.toString(), null, "it belongs to another user");
    }
    Files.deleteIfExists(socket);
    HomeDirectory.restrict(directory);
  }

  /**
   * Tells whether a socket that is there, and its directory, belong to the user of this process.
   */
  static boolean isTrusted(Path socket) {
    return FileOwner.isMine(directory(socket)) && FileOwner.isMine(socket);
  }

  private static Path directory(Path socket) {
    return Objects.requireNonNull(socket.getParent());
  }
}
