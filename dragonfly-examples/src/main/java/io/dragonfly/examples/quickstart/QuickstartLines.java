package io.dragonfly.examples.quickstart;

import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.terminal.Aligned;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/** A line now and then, where there is no terminal. */
final class QuickstartLines implements QuickstartView {
  private static final Duration PAUSE = Duration.ofSeconds(2);

  private final PrintWriter out;
  private final QuickstartSource source;
  private String last = "";
  private long nextNanos = System.nanoTime();

  QuickstartLines(PrintWriter out, QuickstartSource source) {
    this.out = out;
    this.source = source;
  }

  @Override
  public synchronized void show(List<QuickstartChild> swarm) {
    String each =
        swarm.stream()
            .map(peer -> Aligned.percent(peer.share(source.length())))
            .collect(Collectors.joining("  "));
    boolean done = swarm.stream().allMatch(QuickstartChild::isFinished);
    if (each.equals(last) || (System.nanoTime() < nextNanos && !done)) {
      return;
    }
    last = each;
    nextNanos = System.nanoTime() + PAUSE.toNanos();
    out.printf("%s   source has sent %s%n", each, Units.size(source.bodyBytes()));
    out.flush();
  }

  @Override
  public void close() {
    // nothing is left open
  }
}
