package io.dragonfly.examples.command;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** Who may read the metrics of a process: the same for peers and supernodes. */
public final class MetricsOptions {
  @Option(
      names = "--metrics-network",
      split = ",",
      paramLabel = "CIDR",
      description =
          "Networks such as 10.0.0.0/8 in which everybody may read the metrics. Default: none, they"
              + " are read through 127.0.0.1 alone.")
  private List<String> metricsNetworks = new ArrayList<>();

  /** Gives the networks to a builder. */
  public void giveTo(Consumer<String> networks) {
    metricsNetworks.forEach(networks);
  }
}
