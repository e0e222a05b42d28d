package io.dragonfly.examples.dfget;

import io.dragonfly.ClientConfig;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Units;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code dfget} that say which peer fetches. */
final class DfgetPeerOptions {
  @Option(
      names = {"--node", "-n"},
      split = ",",
      paramLabel = "HOST:PORT",
      description =
          "Supernodes; port 8002 unless given. Without any, the file comes from its source.")
  private List<String> nodes = new ArrayList<>();

  @Option(
      names = "--home",
      paramLabel = "D",
      description = "Directory for pieces. Default: dragonfly/peer in the user's cache directory.")
  private @Nullable Path home;

  @Option(
      names = "--ip",
      paramLabel = "I",
      description = "Address to serve and call from. Default: the one that reaches the supernode.")
  private @Nullable InetAddress ip;

  @Option(
      names = "--port",
      defaultValue = "0",
      paramLabel = "P",
      description = "Port to serve on. Default: a free one.")
  private int port;

  @Option(
      names = "--idc",
      defaultValue = "",
      paramLabel = "NAME",
      description = "Data centre of this machine.")
  private String idc = "";

  ClientConfig toConfig(Call call) {
    ClientConfig.Builder builder = ClientConfig.builder().port(port).idc(idc);
    builder.supernodes(
        nodes.stream().map(node -> Units.parseAddress(node, Units.SUPERNODE_PORT)).toList());
    if (home != null) {
      builder.home(call.directory().resolve(home));
    }
    if (ip != null) {
      builder.ip(ip);
    }
    return builder.build();
  }
}
