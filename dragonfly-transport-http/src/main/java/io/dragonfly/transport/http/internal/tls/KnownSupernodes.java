package io.dragonfly.transport.http.internal.tls;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which certificate each supernode showed first, as ssh does it: a file with a line for each, which
 * has its name and the certificate's fingerprint. The file is read each time, so that a line that
 * is removed is forgotten at once. Safe for concurrent use; no other process writes the file.
 */
final class KnownSupernodes {
  private static final Logger LOG = LoggerFactory.getLogger(KnownSupernodes.class);

  /** More is no such file. */
  private static final long MOST_BYTES = 1 << 20;

  private final Optional<Path> file;

  @GuardedBy("this")
  private List<String> remembered = new ArrayList<>();

  /** Those in a file, or, without one, those that this process has met. */
  KnownSupernodes(Optional<Path> file) {
    this.file = file;
  }

  /**
   * Checks a supernode by its certificate. One that is not known passes.
   *
   * @param name what the user calls it: host and port
   * @throws UntrustedException if it is known by another one
   */
  synchronized void check(String name, String fingerprint) throws UntrustedException {
    var unused = isKnown(name, fingerprint, read());
  }

  /**
   * Gets to know a supernode, once it has proved that the certificate is its own: anybody can show
   * one that is not.
   *
   * @throws UntrustedException if it is known by another one, or the file cannot be written
   */
  synchronized void remember(String name, String fingerprint) throws UntrustedException {
    List<String> lines = read();
    if (!isKnown(name, fingerprint, lines)) {
      add(name, fingerprint, lines);
    }
  }

  private boolean isKnown(String name, String fingerprint, List<String> lines)
      throws UntrustedException {
    int other = 0;
    for (int i = 0; i < lines.size(); i++) {
      String[] words = lines.get(i).trim().split("\\s+", -1);
      if (words.length >= 2 && words[0].equals(name)) {
        if (words[1].equals(fingerprint)) {
          return true;
        }
        other = i + 1;
      }
    }
    if (other > 0) {
      throw changed(name, fingerprint, other);
    }
    return false;
  }

  @GuardedBy("this")
  private List<String> read() throws UntrustedException {
    if (file.isEmpty() || !Files.exists(file.get())) {
      return file.isEmpty() ? remembered : List.of();
    }
    try {
      if (Files.size(file.get()) > MOST_BYTES) {
        throw new IOException("it is too long");
      }
      // Each byte is a character: what is no text is a name that nobody has.
      return Files.readString(file.get(), StandardCharsets.ISO_8859_1).lines().toList();
    } catch (IOException e) {
      throw new UntrustedException(
          "%s, which says what supernodes are known by, cannot be read: %s. Mend or remove it"
              .formatted(file.get(), e.getMessage()),
          e);
    }
  }

  @GuardedBy("this")
  private void add(String name, String fingerprint, List<String> lines) throws UntrustedException {
    List<String> more = new ArrayList<>(lines);
    more.add(name + " " + fingerprint);
    remembered = more;
    if (file.isPresent()) {
      try {
        PrivateFiles.replace(file.get(), String.join("\n", more) + "\n");
      } catch (IOException e) {
        throw new UntrustedException(
            "%s, which says what supernodes are known by, cannot be written: %s. Mend that"
                .formatted(file.get(), e.getMessage()),
            e);
      }
    }
    LOG.info("supernode {} is known by its certificate {} from now on", name, fingerprint);
  }

  private UntrustedException changed(String name, String fingerprint, int line) {
    String where =
        file.map(f -> "remove line %d of %s".formatted(line, f)).orElse("start this process anew");
    return new UntrustedException(
        ("it shows another certificate than before, %s: somebody may have put himself in between,"
                + " or it was set up anew. Compare this with what the supernode logs when it starts;"
                + " if they are the same, %s (it stands for %s), or set supernodeFingerprint"
                + " (--supernode-fingerprint) to it")
            .formatted(fingerprint, where, name),
        null);
  }
}
