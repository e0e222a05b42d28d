package io.dragonfly.examples.quickstart;

import io.dragonfly.examples.terminal.Aligned;
import io.dragonfly.examples.terminal.Glyphs;
import io.dragonfly.examples.terminal.RecentRate;
import io.dragonfly.examples.terminal.Redrawn;
import io.dragonfly.examples.terminal.Terminal;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A table of the swarm that is redrawn in its place on a terminal. */
final class QuickstartScreen implements QuickstartView {
  private static final Logger log = LoggerFactory.getLogger(QuickstartScreen.class);
  private static final String NAMES = "  peers  supernode  source";
  private static final String SHARES = "   %s       %s    %s";

  /** Columns of a row beside its bar: name, percent and rate; then the shares. */
  private static final int NARROW = 26;

  private static final int LEAST_BAR = 6;
  private static final int MOST_BAR = 50;

  private final Redrawn lines;
  private final Supplier<Terminal.Size> size;
  private final Glyphs glyphs;
  private final QuickstartSource source;
  private final Map<String, RecentRate> rates = new HashMap<>();
  private boolean closed;

  QuickstartScreen(
      OutputStream out, Supplier<Terminal.Size> size, Glyphs glyphs, QuickstartSource source) {
    this.lines = new Redrawn(out);
    this.size = size;
    this.glyphs = glyphs;
    this.source = source;
  }

  @Override
  public synchronized void show(List<QuickstartChild> swarm) throws IOException {
    if (!closed) {
      List<Row> rows = new ArrayList<>();
      for (QuickstartChild peer : swarm) {
        rows.add(row(peer));
      }
      Terminal.Size now = size.get();
      lines.draw(render(rows, source.bodyBytes(), source.length(), glyphs, now));
    }
  }

  private Row row(QuickstartChild peer) {
    QuickstartChild.Bytes bytes = peer.bytes();
    RecentRate rate = rates.computeIfAbsent(peer.name(), name -> new RecentRate());
    boolean finished = peer.isFinished();
    if (!finished) {
      rate.add(System.nanoTime(), bytes.all());
    }
    return new Row(
        peer.name(), peer.share(source.length()), finished ? 0 : rate.bytesPerSecond(), bytes);
  }

  /**
   * One peer at one moment.
   *
   * @param share how much of the file it has, from 0 to 1
   */
  record Row(String name, double share, double bytesPerSecond, QuickstartChild.Bytes bytes) {}

  /**
   * Returns the lines for a terminal: fewer parts where it is narrow, fewer peers where it is low.
   */
  static List<String> render(
      List<Row> rows, long sent, long length, Glyphs glyphs, Terminal.Size size) {
    int room = size.columns() - 1;
    boolean wide = room >= NARROW + LEAST_BAR + NAMES.length();
    int bar = Math.min(MOST_BAR, room - NARROW - (wide ? NAMES.length() : 0));
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "source has sent %s, %.2f copies",
            Aligned.size(sent).strip(),
            (double) sent / length));
    if (wide) {
      lines.add(" ".repeat(NARROW + bar) + NAMES);
    }
    // One line stays free: the cursor of what comes next.
    int shown = Math.max(1, Math.min(rows.size(), size.rows() - lines.size() - 2));
    for (Row row : rows.subList(0, shown)) {
      lines.add(line(row, bar, wide, glyphs));
    }
    if (shown < rows.size()) {
      lines.add(rest(rows.subList(shown, rows.size())));
    }
    return lines.stream().map(line -> cut(line, room)).toList();
  }

  private static String line(Row row, int bar, boolean wide, Glyphs glyphs) {
    String percent = Aligned.percent(row.share());
    if (bar < LEAST_BAR) {
      return row.name() + " " + percent;
    }
    String text =
        "%-6s  %s  %s  %s"
            .formatted(
                row.name(),
                glyphs.bar(row.share(), bar),
                percent,
                row.share() >= 1 ? " ".repeat(10) : Aligned.rate(row.bytesPerSecond()));
    QuickstartChild.Bytes bytes = row.bytes();
    double all = Math.max(1, bytes.all());
    return wide
        ? text
            + SHARES.formatted(
                Aligned.percent(bytes.fromPeers() / all),
                Aligned.percent(bytes.fromSupernode() / all),
                Aligned.percent(bytes.fromSource() / all))
        : text.stripTrailing();
  }

  private static String rest(List<Row> rows) {
    double least = rows.stream().mapToDouble(Row::share).min().orElse(0);
    return "and %d more, each has %s or more"
        .formatted(rows.size(), Aligned.percent(least).strip());
  }

  private static String cut(String line, int columns) {
    return line.length() <= columns ? line : line.substring(0, Math.max(0, columns));
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      lines.erase();
    } catch (IOException e) {
      log.debug("The terminal is gone", e);
    }
  }
}
