package io.dragonfly.spi;

import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Tells machines how a process is. Safe for concurrent use; no method blocks. */
public interface MonitorService {
  /** Tells whether the process can do its work: callers can be sent here. */
  boolean isReady();

  /**
   * Tells whether a caller may read the metrics.
   *
   * @param from the address that the call comes from
   * @param token what the caller shows, if nobody on the way could read it; a secret
   */
  boolean mayReadMetrics(InetAddress from, String token);

  /**
   * Returns the metrics in the text format of Prometheus, version 0.0.4, if there are any. A call
   * that comes while another one is being answered gets the same answer.
   */
  Optional<CompletableFuture<String>> metrics();
}
