package io.dragonfly.examples.thin;

import io.dragonfly.internal.home.HomeCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Tells to whom a file belongs. */
final class FileOwner {
  private FileOwner() {}

  /** Tells whether a file, or a link itself, belongs to the user of this process. */
  static boolean isMine(Path path) {
    try {
      Object owner = Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
      return HomeCheck.me().equals(String.valueOf(owner));
    } catch (UnsupportedOperationException | IllegalArgumentException e) {
      return Files.exists(path, LinkOption.NOFOLLOW_LINKS); // a system without owners
    } catch (IOException e) {
      return false;
    }
  }
}
