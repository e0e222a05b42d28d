package io.dragonfly.examples.command;

import io.dragonfly.ClientConfig;
import picocli.CommandLine.Option;

/** Whether a peer fetches what operators want: the same for all peers that outlive a call. */
public final class AllowPreheatOption {
  @Option(
      names = "--allow-preheat",
      arity = "0..1",
      fallbackValue = "true",
      paramLabel = "true|false",
      description =
          "Fetch what operators of the supernodes want this host to have before anybody here asks.")
  private boolean allowed;

  /** Gives what was said to a builder. */
  public void giveTo(ClientConfig.Builder builder) {
    builder.takesPreheats(allowed);
  }
}
