package io.dragonfly.examples.command;

import io.dragonfly.ClientConfig;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.examples.thin.Distribution;
import io.dragonfly.transport.http.metrics.MicrometerListener;
import io.dragonfly.transport.http.metrics.MicrometerSupernodeListener;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of this process: what it is, what the system sees of it, and whatever else is counted
 * in its registry. Safe for concurrent use.
 */
public final class ProcessMetrics {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String RESIDENT = "VmRSS:";

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /** Metrics of a process that runs this command. */
  public ProcessMetrics(String command) {
    Tags tags =
        Tags.of(
            "version", Distribution.version(),
            "os", System.getProperty("os.name"),
            "arch", System.getProperty("os.arch"),
            "javaversion", System.getProperty("java.version"));
    Gauge.builder("dragonfly." + command + ".build.info", () -> 1)
        .description("What runs here; always 1.")
        .tags(tags)
        .register(registry);
    double start =
        ProcessHandle.current().info().startInstant().map(at -> at.toEpochMilli() / 1e3).orElse(0d);
    gauge("process.start.time", "seconds", "When the process started.", any -> start);
    gauge("process.resident.memory", "bytes", "Memory that it has.", any -> residentBytes());
    gauge("process.open.fds", null, "Files and sockets that are open.", any -> openFiles());
  }

  private void gauge(
      String name, @Nullable String unit, String help, ToDoubleFunction<ProcessMetrics> value) {
    Gauge.builder(name, this, value)
        .baseUnit(unit)
        .description(help)
        .strongReference(true)
        .register(registry);
  }

  private static double residentBytes() {
    try (var lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith(RESIDENT))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024)
          .findFirst()
          .orElse(Double.NaN);
    } catch (IOException e) {
      return Double.NaN; // not Linux
    }
  }

  private static double openFiles() {
    String[] open = new File("/proc/self/fd").list();
    return open == null ? Double.NaN : open.length;
  }

  /** Has what a client does counted and shown. */
  public void ofClient(ClientConfig.Builder client) {
    client.listener(new MicrometerListener(registry)).metricsPage(this::page);
  }

  /** Has what a supernode does counted and shown. */
  public void ofSupernode(SupernodeConfig.Builder supernode) {
    supernode.listener(new MicrometerSupernodeListener(registry)).metricsPage(this::page);
  }

  /** Returns the registry. */
  public MeterRegistry registry() {
    return registry;
  }

  /** Returns all of it, in the text format of Prometheus. */
  public String page() {
    return registry.scrape();
  }
}
