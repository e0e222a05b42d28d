package io.dragonfly.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.metrics.ProxyMeters;
import io.dragonfly.transport.http.proxy.ProxyCounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The operators' page has each metric that a process gives, and no other. */
@ExtendWith(LeakCheck.class)
class MetricsDocumentedTest {
  private static final Path PAGE = Path.of("../src/site/markdown/operations.md");
  private static final Pattern NAME = Pattern.compile("`([\u2026a-z0-9_]+)`");
  private static final Pattern TYPE = Pattern.compile("(?m)^# TYPE (\\S+) ");

  @TempDir private Path dir;

  /** The names in the first column of the tables, and of what each process has. */
  private static TreeSet<String> documented() throws IOException {
    TreeSet<String> names = new TreeSet<>();
    String prefix = "";
    for (String line : Files.readString(PAGE).split("\n")) {
      if (line.equals("### Of a supernode")) {
        prefix = "dragonfly_supernode_";
      } else if (line.equals("### Of a peer")) {
        prefix = "dragonfly_dfget_";
      } else if (line.startsWith("#")) {
        prefix = "";
      }
      boolean isRow = !prefix.isEmpty() && line.startsWith("| `");
      boolean isOfAll = line.startsWith("Each process also has ");
      String cell = isRow ? line.split("\\|")[1] : isOfAll ? line.split("\\.", 2)[0] : "";
      Matcher name = NAME.matcher(cell);
      while (name.find()) {
        names.add(full(name.group(1), prefix));
      }
    }
    return names;
  }

  private static String full(String name, String prefix) {
    if (name.startsWith("\u2026_")) {
      return "dragonfly_proxy" + name.substring(1);
    }
    return name.startsWith("dragonfly_") || name.startsWith("process_") ? name : prefix + name;
  }

  private static void addNames(TreeSet<String> to, ProcessMetrics metrics) {
    TYPE.matcher(metrics.page()).results().forEach(type -> to.add(type.group(1)));
  }

  @Test
  void allThatIsGivenIsInThePage() throws IOException {
    TreeSet<String> given = new TreeSet<>();
    ProcessMetrics ofSupernode = new ProcessMetrics("supernode");
    ProcessMetrics ofPeer = new ProcessMetrics("dfget");
    ProcessMetrics ofDfdaemon = new ProcessMetrics("dfdaemon");
    ProxyMeters.show(ofDfdaemon.registry(), () -> new ProxyCounts(0, 0, 0, 0, 0, 0, 0, 0, 0));
    SupernodeConfig.Builder supernodes =
        SupernodeConfig.builder().homeDir(dir.resolve("supernode"));
    ClientConfig.Builder clients = ClientConfig.builder().home(dir.resolve("peer"));
    ofSupernode.ofSupernode(supernodes);
    ofPeer.ofClient(clients);
    try (Supernode supernode = new Supernode(supernodes.build());
        DistributionClient client = new DistributionClient(clients.supernode(supernode).build())) {
      assertThat(client.tasks()).isEmpty();
      List.of(ofSupernode, ofPeer, ofDfdaemon).forEach(metrics -> addNames(given, metrics));
    }

    assertThat(given).hasSizeGreaterThan(60);
    assertThat(documented()).containsExactlyElementsOf(given);
  }
}
