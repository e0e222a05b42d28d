package io.dragonfly.examples.command;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** Which proxies are in front of a process: the same for supernodes and dfdaemon. */
public final class TrustedProxyOptions {
  @Option(
      names = "--trusted-proxies",
      split = ",",
      paramLabel = "ADDRESSES",
      description =
          "Addresses, or networks such as 10.0.0.0/8, of proxies in front of this process. Each of"
              + " their connections must begin with a header of the PROXY protocol, which names the"
              + " client. Default: none.")
  private List<String> trustedProxies = new ArrayList<>();

  /**
   * Gives the proxies to a builder.
   *
   * @throws IllegalArgumentException if one is neither an address nor a network
   */
  public void giveTo(Consumer<String> proxies) {
    for (String proxy : trustedProxies) {
      try {
        proxies.accept(proxy);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("--trusted-proxies: " + e.getMessage(), e);
      }
    }
  }
}
