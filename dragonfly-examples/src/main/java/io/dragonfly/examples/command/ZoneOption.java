package io.dragonfly.examples.command;

import picocli.CommandLine.Option;

/** The zone of this machine: the same option for peers and supernodes. */
public final class ZoneOption {
  @Option(
      names = "--zone",
      defaultValue = "",
      paramLabel = "NAME",
      description = "Zone of this machine: its data center or availability zone.")
  private String zone = "";

  /** Returns the name of the zone; empty if none was given. */
  public String zone() {
    return zone;
  }
}
