package io.dragonfly.examples.server;

import io.dragonfly.examples.thin.CallMessage;
import io.dragonfly.examples.thin.FileIdentity;
import java.nio.file.Path;
import java.util.List;

/**
 * Keeps a background peer from reading and writing files that its caller does not mean: in a
 * container, or a service with a /tmp of its own, the same path may lead elsewhere. A caller in
 * another mount namespace tells which directories it sees where its files may be.
 */
final class FileSystemCheck {
  private FileSystemCheck() {}

  /** Returns why a call's paths are not the files that the caller means; empty if they are. */
  static String refusal(CallMessage message) {
    List<String> directories = message.directories();
    for (int i = 0; i < directories.size(); i += 2) {
      Path directory = Path.of(directories.get(i));
      if (!FileIdentity.of(directory).equals(directories.get(i + 1))) {
        return "%s is another directory for the background peer of this home, process %d. Choose another --home, or --alivetime 0 for a peer of this call alone."
            .formatted(directory, ProcessHandle.current().pid());
      }
    }
    return "";
  }
}
