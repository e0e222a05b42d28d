package io.dragonfly.examples.command;

import picocli.CommandLine.Option;

/** Where this machine is: the same for peers and supernodes. */
public final class IdcOption {
  @Option(
      names = "--idc",
      defaultValue = "",
      paramLabel = "NAME",
      description = "Data centre of this machine.")
  private String idc = "";

  /** Returns the data centre; empty if it was not said. */
  public String idc() {
    return idc;
  }
}
