package io.dragonfly.testkit;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The sockets and files that this process has open at one moment; none where there is no /proc. */
final class OpenHandles {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final Pattern SOCKET = Pattern.compile("socket:\\[(\\d+)]");

  /** What the JVM opens by itself, whenever it likes. */
  private static final Pattern OF_THE_JVM =
      Pattern.compile("(/proc|/sys|/dev|/usr|/etc)/.*|.*\\.(jar|jmod|jsa|so)( \\(deleted\\))?");

  /** Places in a line of /proc/self/net/tcp: local and remote address, and inode. */
  private static final int LOCAL = 1;

  private static final int REMOTE = 2;
  private static final int INODE = 9;

  /** How often each is open. */
  private final Map<String, Integer> open;

  private OpenHandles(Map<String, Integer> open) {
    this.open = open;
  }

  static OpenHandles now() {
    Map<String, Integer> open = new HashMap<>();
    if (Files.isDirectory(DESCRIPTORS)) {
      try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(DESCRIPTORS)) {
        for (Path descriptor : descriptors) {
          String what = target(descriptor);
          if (isOurs(what)) {
            open.merge(what, 1, Integer::sum);
          }
        }
      } catch (IOException | DirectoryIteratorException e) {
        throw new IllegalStateException("cannot look at the open files", e);
      }
    }
    return new OpenHandles(open);
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return ""; // closed in the meantime
    }
  }

  private static boolean isOurs(String what) {
    return SOCKET.matcher(what).matches()
        || (what.startsWith("/")
            && !OF_THE_JVM.matcher(what).matches()
            && !what.startsWith(System.getProperty("java.home")));
  }

  /** Describes what is open here and was not there, or not so often. */
  List<String> since(OpenHandles before) {
    return open.entrySet().stream()
        .filter(e -> e.getValue() > before.open.getOrDefault(e.getKey(), 0))
        .map(e -> describe(e.getKey()))
        .sorted()
        .toList();
  }

  private static String describe(String what) {
    Matcher socket = SOCKET.matcher(what);
    return socket.matches() ? "socket " + ports(socket.group(1)) : "file " + what;
  }

  /** Returns the ports of a TCP socket. */
  private static String ports(String inode) {
    return Stream.of("tcp", "tcp6")
        .flatMap(table -> lines(Path.of("/proc/self/net", table)))
        .map(line -> line.trim().split("\\s+"))
        .filter(fields -> fields.length > INODE && fields[INODE].equals(inode))
        .map(fields -> port(fields[LOCAL]) + ", remote " + port(fields[REMOTE]))
        .findFirst()
        .orElse("that is not connected, inode " + inode);
  }

  private static String port(String address) {
    return "port " + Integer.parseInt(address.substring(address.indexOf(':') + 1), 16);
  }

  private static Stream<String> lines(Path table) {
    try {
      return Files.readAllLines(table).stream();
    } catch (IOException e) {
      return Stream.empty(); // not told: the inode has to do
    }
  }
}
