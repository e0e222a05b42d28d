package io.dragonfly.examples.quickstart;

import java.io.IOException;
import java.util.List;

/** Shows a swarm while it works. Safe for concurrent use. */
interface QuickstartView extends AutoCloseable {
  /** Shows how far each peer is, if it is time to. */
  void show(List<QuickstartChild> swarm) throws IOException;

  /** Shows nothing any more, and leaves the place to what is written next. Safe to call twice. */
  @Override
  void close();
}
