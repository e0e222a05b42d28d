package io.dragonfly.examples.simulate;

import io.dragonfly.examples.command.Units.CountConverter;
import io.dragonfly.examples.command.Units.ShareConverter;
import io.dragonfly.examples.command.Units.SizeConverter;
import io.dragonfly.examples.command.Units.TimeConverter;
import io.dragonfly.examples.simulate.Numbers.LinkConverter;
import io.dragonfly.examples.simulate.Numbers.SeedConverter;
import io.dragonfly.rate.Rate;
import io.dragonfly.scheduler.simulator.Delays;
import io.dragonfly.scheduler.simulator.Simulation;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code simulate} is told of the swarm. */
final class SimulateOptions {
  @Option(
      names = "--peers",
      paramLabel = "N",
      defaultValue = "100",
      converter = CountConverter.class,
      description = "How many peers want the file. Default: ${DEFAULT-VALUE}.")
  private int peers;

  @Option(
      names = "--size",
      paramLabel = "S",
      defaultValue = "1GiB",
      converter = SizeConverter.class,
      description = "Length of the file. Default: ${DEFAULT-VALUE}.")
  private long size;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "1gbit",
      converter = LinkConverter.class,
      description =
          "What each peer can send, and receive at the same time: 100mbit, 1gbit, or bytes such as"
              + " 20M. Default: ${DEFAULT-VALUE}.")
  private Rate rate = Rate.LEAST_LIMIT;

  @Option(
      names = "--supernode-rate",
      paramLabel = "R",
      converter = LinkConverter.class,
      description = "What the supernode can send. Default: as --rate.")
  private @Nullable Rate supernodeRate;

  @Option(
      names = "--source-rate",
      paramLabel = "R",
      converter = LinkConverter.class,
      description = "How fast the supernode reads the source. Default: as --supernode-rate.")
  private @Nullable Rate sourceRate;

  @Option(
      names = "--cached",
      description = "The supernode has the whole file at the beginning, and does not read it.")
  private boolean isCached;

  @Option(
      names = "--zones",
      paramLabel = "N",
      defaultValue = "1",
      converter = CountConverter.class,
      description = "Zones that the peers are spread over. Default: ${DEFAULT-VALUE}.")
  private int zones;

  @Option(
      names = "--churn",
      paramLabel = "P",
      defaultValue = "0",
      converter = ShareConverter.class,
      description =
          "Share of the peers that are cut off meanwhile, each replaced by a new one: 5%% or 0.05."
              + " Default: ${DEFAULT-VALUE}.")
  private double churn;

  @Option(
      names = "--slow",
      paramLabel = "P",
      defaultValue = "0",
      converter = ShareConverter.class,
      description = "Share of the peers with slow links. Default: ${DEFAULT-VALUE}.")
  private double slow;

  @Option(
      names = "--slow-rate",
      paramLabel = "R",
      converter = LinkConverter.class,
      description = "What those can send and receive. Default: a tenth of --rate.")
  private @Nullable Rate slowRate;

  @Option(
      names = "--stagger",
      paramLabel = "T",
      defaultValue = "0",
      converter = TimeConverter.class,
      description = "How long after each peer the next one comes. Default: ${DEFAULT-VALUE}.")
  private Duration stagger = Duration.ZERO;

  @Option(
      names = "--call-delay",
      paramLabel = "T",
      defaultValue = "1ms",
      converter = TimeConverter.class,
      description =
          "One way of a call to the supernode, and of a request for a piece. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration callDelay = Duration.ZERO;

  @Option(
      names = "--report-delay",
      paramLabel = "T",
      defaultValue = "20ms",
      converter = TimeConverter.class,
      description = "How long a report waits for others. Default: ${DEFAULT-VALUE}.")
  private Duration reportDelay = Duration.ZERO;

  @Option(
      names = "--piece-delay",
      paramLabel = "T",
      defaultValue = "0",
      converter = TimeConverter.class,
      description =
          "What each piece costs beyond the time on its links, until it can be passed on. Default:"
              + " ${DEFAULT-VALUE}.")
  private Duration pieceDelay = Duration.ZERO;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      converter = SeedConverter.class,
      description = "What random times are derived from. Default: ${DEFAULT-VALUE}.")
  private long seed;

  /**
   * Returns what is described.
   *
   * @throws IllegalArgumentException if a number makes no sense
   */
  Simulation simulation() {
    Simulation.Builder builder =
        Simulation.builder()
            .peers(peers)
            .lengthBytes(size)
            .rate(rate)
            .cached(isCached)
            .zones(zones)
            .churn(churn)
            .slow(slow)
            .stagger(stagger)
            .seed(seed)
            .delays(
                Delays.defaults().withCall(callDelay).withHeld(reportDelay).withPiece(pieceDelay));
    if (supernodeRate != null) {
      builder.supernodeRate(supernodeRate);
    }
    if (sourceRate != null) {
      builder.sourceRate(sourceRate);
    }
    if (slowRate != null) {
      builder.slowRate(slowRate);
    }
    return builder.build();
  }
}
