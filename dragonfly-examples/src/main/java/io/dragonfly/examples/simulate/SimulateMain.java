package io.dragonfly.examples.simulate;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.OwnCall;
import io.dragonfly.examples.command.Units;
import io.dragonfly.examples.command.Version;
import io.dragonfly.scheduler.simulator.Simulation;
import io.dragonfly.scheduler.simulator.SimulationResult;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code simulate} command: how a swarm of any size would do, in virtual time. */
@Command(
    name = "simulate",
    description =
        "Runs the scheduler with a swarm in virtual time, and says how far from the best"
            + " possible it is.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Version.class)
public final class SimulateMain implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private SimulateOptions options = new SimulateOptions();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private SimulateMain() {}

  /** Runs a simulation. */
  public static void main(String[] args) {
    System.exit(run(new OwnCall(args)));
  }

  /** Runs a simulation for a call; returns an exit code. */
  static int run(Call call) {
    return Commands.run(new SimulateMain(), call);
  }

  @Override
  public Integer call() {
    SimulationResult result = simulation().run();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(toJson(result));
    } else {
      print(result, out);
    }
    out.flush();
    return ExitCode.OK;
  }

  private Simulation simulation() {
    try {
      return options.simulation();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private static void print(SimulationResult result, PrintWriter out) {
    out.println(
        line(
            "last peer    %.2f s, %.3f of its bound",
            result.lastSeconds(), result.lastOverBound()));
    out.println(
        line(
            "median peer  %.2f s, %.3f of its bound",
            result.medianSeconds(), result.medianOverBound()));
    out.println("source       " + Units.size(result.sourceBytes()) + " read by the supernode");
    out.println("supernode    " + Units.size(result.supernodeBytes()) + " sent");
    out.println("peers        " + Units.size(result.peerBytes()) + " sent");
    out.println("across zones " + Units.size(result.crossZoneBytes()));
    out.println("in vain      " + result.failures() + " requests");
    out.println(
        line(
            "scheduler    %d assignments, %.0f a second; all in %.1f s",
            result.assignments(),
            result.assignmentsPerSecond(),
            result.realTime().toNanos() / 1e9));
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static ObjectNode toJson(SimulationResult result) {
    return new ObjectMapper()
        .createObjectNode()
        .put("last_over_bound", result.lastOverBound())
        .put("median_over_bound", result.medianOverBound())
        .put("last_seconds", result.lastSeconds())
        .put("median_seconds", result.medianSeconds())
        .put("source_bytes", result.sourceBytes())
        .put("supernode_bytes", result.supernodeBytes())
        .put("peer_bytes", result.peerBytes())
        .put("cross_zone_bytes", result.crossZoneBytes())
        .put("failed_requests", result.failures())
        .put("assignments", result.assignments())
        .put("assignments_per_second", result.assignmentsPerSecond())
        .put("real_seconds", result.realTime().toNanos() / 1e9);
  }
}
