package io.dragonfly.examples.quickstart;

import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.terminal.Words;
import io.dragonfly.task.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** What the quickstart shows at its end: where each peer's bytes came from. */
final class QuickstartTable {
  private static final String ROW = "%-10s %8s %12s %12s %12s %12s  %s%n";

  private static final int WIDTH = 80;

  private final PrintWriter out;
  private final int columns;
  private final QuickstartFiles files;
  private final QuickstartSource source;

  /**
   * A table.
   *
   * @param columns the terminal's; a table that is wider is written as lines
   */
  QuickstartTable(PrintWriter out, int columns, QuickstartFiles files, QuickstartSource source) {
    this.out = out;
    this.columns = columns;
    this.files = files;
    this.source = source;
  }

  /** Writes the closing table; returns whether each peer has the right bytes. */
  boolean close(List<QuickstartChild> swarm) throws IOException {
    Digest expected = digest(files.source());
    boolean good = true;
    out.println();
    if (columns >= WIDTH) {
      out.printf(ROW, "", "seconds", "rate", "from peers", "supernode", "source", "sha256");
    }
    for (QuickstartChild peer : swarm) {
      good &= row(peer, expected);
    }
    String copies =
        String.format(
            Locale.ROOT,
            "The source sent %.3f copies of the file for %d peers.",
            (double) source.bodyBytes() / source.length(),
            swarm.size());
    out.printf("%n%s%n", Words.wrap(copies, columns));
    out.flush();
    return good;
  }

  private boolean row(QuickstartChild peer, Digest expected) throws IOException {
    if (peer.done().isEmpty()) {
      String text = "%-10s failed: see %s".formatted(peer.name(), files.log(peer.name()));
      out.println(Words.wrap(text, columns));
      return false;
    }
    String[] numbers = peer.done().get().split(" ", -1);
    Duration time = Duration.ofMillis(Long.parseLong(numbers[3]));
    boolean good = digest(files.output(peer.name())).equals(expected);
    String seconds = String.format(Locale.ROOT, "%.2f", time.toMillis() / 1e3);
    String rate = Units.rate(source.length(), time);
    QuickstartChild.Bytes bytes = peer.bytes();
    String word = good ? "ok" : "WRONG";
    if (columns >= WIDTH) {
      out.printf(
          ROW,
          peer.name(),
          seconds,
          rate,
          Units.size(bytes.fromPeers()),
          Units.size(bytes.fromSupernode()),
          Units.size(bytes.fromSource()),
          word);
    } else {
      String text =
          "%s %s in %s s, %s: %s from peers, %s from the supernode, %s from the source"
              .formatted(
                  peer.name(),
                  word,
                  seconds,
                  rate,
                  Units.size(bytes.fromPeers()),
                  Units.size(bytes.fromSupernode()),
                  Units.size(bytes.fromSource()));
      out.println(Words.wrap(text, columns));
    }
    return good;
  }

  private static Digest digest(Path file) throws IOException {
    MessageDigest sha = Digest.newSha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), sha)) {
      byte[] buffer = new byte[1 << 20];
      while (in.read(buffer) >= 0) {
        // reading is all that is needed
      }
    }
    return Digest.of(sha);
  }
}
