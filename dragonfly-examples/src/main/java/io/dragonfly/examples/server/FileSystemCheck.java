package io.dragonfly.examples.server;

import io.dragonfly.examples.thin.Arguments;
import io.dragonfly.examples.thin.CallMessage;
import io.dragonfly.examples.thin.FileIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Keeps a server from writing a file where its caller does not see it: in a container, or a service
 * with a /tmp of its own, the same path may lead elsewhere.
 */
final class FileSystemCheck {
  private static final Path NAMESPACE = Path.of("/proc/self/ns/mnt");

  private FileSystemCheck() {}

  /** Returns why a call's paths are not the files that the caller means; empty if they are. */
  static String refusal(CallMessage message, RemoteCall call) throws IOException {
    if (message.fileSystem().isEmpty() || message.fileSystem().equals(namespace())) {
      return "";
    }
    for (Path directory : directories(message)) {
      String identity = FileIdentity.of(directory);
      if (!identity.isEmpty() && !identity.equals(call.identify(directory))) {
        return "%s is another directory for the server of this home, process %d. Choose another --home, or --alivetime 0 for a peer of this call alone."
            .formatted(directory, ProcessHandle.current().pid());
      }
    }
    return "";
  }

  private static String namespace() {
    try {
      return Files.readSymbolicLink(NAMESPACE).toString();
    } catch (IOException | UnsupportedOperationException e) {
      return "";
    }
  }

  /** Returns where the call's files are, as far as its command line says so. */
  private static Set<Path> directories(CallMessage message) {
    Path here = Path.of(message.directory());
    Set<Path> directories = new LinkedHashSet<>();
    directories.add(here);
    Arguments arguments = new Arguments(message.arguments());
    for (String option : new String[] {"--output", "-o"}) {
      String output = arguments.value(option);
      Path parent = output == null ? null : here.resolve(output).getParent();
      if (parent != null) {
        directories.add(parent);
      }
    }
    return directories;
  }
}
