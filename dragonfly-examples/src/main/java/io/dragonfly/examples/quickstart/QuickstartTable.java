package io.dragonfly.examples.quickstart;

import io.dragonfly.examples.command.Units;
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
import java.util.stream.Collectors;

/** What the quickstart shows: how far each peer is, and at the end where its bytes came from. */
final class QuickstartTable {
  private static final String ROW = "%-10s %8s %12s %12s %12s %12s  %s%n";

  private final PrintWriter out;
  private final QuickstartFiles files;
  private final QuickstartSource source;

  QuickstartTable(PrintWriter out, QuickstartFiles files, QuickstartSource source) {
    this.out = out;
    this.files = files;
    this.source = source;
  }

  /** Writes one line of progress; returns the bytes that all peers have together. */
  long show(List<QuickstartChild> swarm) {
    long length = source.length();
    long all = 0;
    for (QuickstartChild peer : swarm) {
      all += peer.done().isPresent() ? length : peer.bytes();
    }
    String each =
        swarm.stream()
            .map(peer -> peer.done().isPresent() ? 100 : 100 * peer.bytes() / length)
            .map(percent -> String.format(Locale.ROOT, "%3d %%", percent))
            .collect(Collectors.joining("  "));
    out.printf("%s   source has sent %s%n", each, Units.size(source.bodyBytes()));
    out.flush();
    return all;
  }

  /** Writes the closing table; returns whether each peer has the right bytes. */
  boolean close(List<QuickstartChild> swarm) throws IOException {
    Digest expected = digest(files.source());
    boolean good = true;
    out.println();
    out.printf(ROW, "", "seconds", "rate", "from peers", "supernode", "source", "sha256");
    for (QuickstartChild peer : swarm) {
      good &= row(peer, expected);
    }
    out.printf(
        "%nThe source sent %.3f copies of the file for %d peers.%n",
        (double) source.bodyBytes() / source.length(), swarm.size());
    out.flush();
    return good;
  }

  private boolean row(QuickstartChild peer, Digest expected) throws IOException {
    if (peer.done().isEmpty()) {
      out.printf("%-10s failed: see %s%n", peer.name(), files.log(peer.name()));
      return false;
    }
    String[] numbers = peer.done().get().split(" ", -1);
    Duration time = Duration.ofMillis(Long.parseLong(numbers[3]));
    boolean good = digest(files.output(peer.name())).equals(expected);
    out.printf(
        ROW,
        peer.name(),
        String.format(Locale.ROOT, "%.2f", time.toMillis() / 1e3),
        Units.rate(source.length(), time),
        Units.size(Long.parseLong(numbers[0])),
        Units.size(Long.parseLong(numbers[1])),
        Units.size(Long.parseLong(numbers[2])),
        good ? "ok" : "WRONG");
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
