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

  /** All that Dragonfly 1 has. */
  private static final List<String> OF_DRAGONFLY_1 =
      List.of(
          "dragonfly_supernode_build_info",
          "dragonfly_supernode_http_requests_total",
          "dragonfly_supernode_http_request_duration_seconds",
          "dragonfly_supernode_http_request_size_bytes",
          "dragonfly_supernode_http_response_size_bytes",
          "dragonfly_supernode_pieces_downloaded_size_bytes_total",
          "dragonfly_supernode_peers",
          "dragonfly_supernode_tasks",
          "dragonfly_supernode_tasks_registered_total",
          "dragonfly_supernode_dfgettasks",
          "dragonfly_supernode_dfgettasks_registered_total",
          "dragonfly_supernode_dfgettasks_failed_total",
          "dragonfly_supernode_cdn_trigger_total",
          "dragonfly_supernode_cdn_trigger_failed_total",
          "dragonfly_supernode_cdn_cache_hit_total",
          "dragonfly_supernode_cdn_download_total",
          "dragonfly_supernode_cdn_download_failed_total",
          "dragonfly_supernode_schedule_duration_milliseconds",
          "dragonfly_supernode_gc_tasks_total",
          "dragonfly_supernode_gc_peers_total",
          "dragonfly_supernode_gc_disks_total",
          "dragonfly_supernode_last_gc_disks_timestamp_seconds",
          "dragonfly_dfget_download_duration_seconds",
          "dragonfly_dfget_download_size_bytes_total",
          "dragonfly_dfget_download_total",
          "dragonfly_dfget_download_failed_total",
          "dragonfly_dfdaemon_build_info");

  private static final Pattern MISSING =
      Pattern.compile("(?s)Of Dragonfly 1's metrics these have no\\s+counterpart: (.*?)\n\n");
  private static final Pattern MISSING_NAME = Pattern.compile("`([a-z0-9_]+)(\\*|\\{[a-z]+})?`");

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

  /** The names that the page says are not given, as patterns. */
  private static List<Pattern> withoutCounterpart() throws IOException {
    Matcher sentence = MISSING.matcher(Files.readString(PAGE));
    assertThat(sentence.find()).isTrue();
    return MISSING_NAME
        .matcher(sentence.group(1))
        .results()
        .map(name -> name.group(1) + ("*".equals(name.group(2)) ? ".*" : ""))
        .map(name -> Pattern.compile("dragonfly_supernode_" + name))
        .toList();
  }

  @Test
  void eachMetricOfDragonfly1IsGivenOrSaidToBeMissing() throws IOException {
    TreeSet<String> given = documented(); // which is what is given, as the other test shows
    List<Pattern> missing = withoutCounterpart();

    assertThat(missing).hasSize(6);
    for (String name : OF_DRAGONFLY_1) {
      boolean isMissing = missing.stream().anyMatch(each -> each.matcher(name).matches());
      assertThat(given.contains(name)).as("%s is given", name).isNotEqualTo(isMissing);
    }
    assertThat(missing)
        .as("all of them are Dragonfly 1's")
        .allMatch(each -> OF_DRAGONFLY_1.stream().anyMatch(each.asMatchPredicate()));
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
