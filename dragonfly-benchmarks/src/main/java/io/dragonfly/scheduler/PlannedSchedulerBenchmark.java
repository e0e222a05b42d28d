package io.dragonfly.scheduler;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What an assignment costs, with the report that ends it and its part of all planning. One
 * operation is one piece for one peer; each run makes 5,120,000 of them, as 1 GiB for 10,000 peers,
 * ten times for 1,000 peers, or a hundred times for 100. {@code -prof gc} adds the bytes allocated.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xmx4g", "-Xms4g", "-XX:+UseParallelGC"})
public class PlannedSchedulerBenchmark {
  private static final int PEERS_IN_ALL = 10_000;
  private static final int PIECES = 512;
  private static final long LENGTH = 1 << 30;
  private static final double GIGABIT = 125e6;

  /** How many peers a swarm has. */
  @Param({"100", "1000", "10000"})
  public int peers;

  /** Runs as many swarms as there have to be. */
  @Benchmark
  @OperationsPerInvocation(PEERS_IN_ALL * PIECES)
  public long assignment() {
    long assigned = 0;
    for (int swarms = PEERS_IN_ALL / peers; swarms > 0; swarms--) {
      assigned += new SteppedSwarm(peers, LENGTH, GIGABIT).run();
    }
    return assigned;
  }
}
