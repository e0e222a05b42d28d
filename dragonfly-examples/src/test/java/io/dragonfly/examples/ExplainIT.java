package io.dragonfly.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dragonfly.examples.CommandLab.Running;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Where bytes came from and why, and what a home holds, as a user sees it. */
@Tag("slow")
class ExplainIT extends NginxTests {
  @Test
  void namesAParentThatWasKilledAndWhyItWasLeft() throws Exception {
    Path file = nginx.publish("file.bin", 96 << 20);
    SupernodeProcess supernode = lab.supernode("supernode", 0, "--source-rate", "4M");
    startServers(supernode, 1, 2); // so that each has pieces before the other
    Running first = dfget(supernode, 1, "slow/file.bin");
    Running second = dfget(supernode, 2, "slow/file.bin");
    lab.awaitSealed("home2", 96); // of 384
    killServer(2);

    assertFetched(first, 1, file);
    var unused = second.exitCode(Duration.ofMinutes(1));

    Running explain = explain(1, output(1).toString());
    JsonNode fetch = explain.json().get("fetches").get(0);
    assertThat(fetch.get("outputState").asText()).isEqualTo("unchanged");
    JsonNode killed =
        elements(fetch.get("parents")).stream()
            .filter(parent -> parent.get("address").asText().startsWith("127.0.0.12:"))
            .findFirst()
            .orElseThrow(() -> new AssertionError(fetch.toPrettyString()));
    assertThat(killed.get("kind").asText()).isEqualTo("peer");
    assertThat(killed.get("bytes").asLong()).isPositive();
    assertThat(elements(killed.get("notGiven")))
        .as(fetch.toPrettyString())
        .anyMatch(one -> one.get("outcome").asText().equals("unreachable"));
    assertThat(elements(fetch.get("steps")))
        .as(fetch.toPrettyString())
        .anySatisfy(
            step -> {
              assertThat(step.get("kind").asText()).isEqualTo("parent_changed");
              assertThat(step.get("from").get("address")).isEqualTo(killed.get("address"));
              assertThat(step.get("reason").asText()).startsWith("unreachable: ");
            });
    assertAddsUp(fetch, 96 << 20);

    Files.move(output(1), dir.resolve("elsewhere"));
    Running text =
        lab.start(
            "dfget", "explain", fetch.get("task").asText().substring(0, 12), "--home", home(1));
    assertThat(text.exitCode(Duration.ofMinutes(1))).as(text.err()).isZero();
    assertThat(text.out())
        .contains("peer " + killed.get("address").asText())
        .contains(" unreachable: ")
        .contains(output(1) + ", which is no longer there");
  }

  private void killServer(int peer) throws Exception {
    ProcessHandle server = lab.server(Path.of(home(peer))).orElseThrow();
    server.destroyForcibly();
    server.onExit().join();
  }

  private static void assertAddsUp(JsonNode fetch, long length) {
    long sum = 0;
    for (JsonNode parent : fetch.get("parents")) {
      sum += parent.get("bytes").asLong();
    }
    assertThat(sum + fetch.get("bytesFromStore").asLong()).isEqualTo(length);
    assertThat(
            fetch.get("bytesFromPeers").asLong()
                + fetch.get("bytesFromSupernode").asLong()
                + fetch.get("bytesFromSource").asLong()
                + fetch.get("bytesFromStore").asLong())
        .isEqualTo(length);
  }

  @Test
  void aHomeIsListedVerifiedAndEmptiedWithAndWithoutItsServer() throws Exception {
    nginx.publish("file.bin", 8 << 20);
    Running dfget = dfgetAlone(1, "file.bin?sign=secret", "--filter", "sign");
    assertThat(dfget.exitCode(Duration.ofMinutes(1))).as(dfget.err()).isZero();
    String task = dfget.json().get("task").asText();
    JsonNode listed = cache(0, "ls", "--json").get("tasks").get(0);
    assertThat(listed.get("task").asText()).isEqualTo(task);
    assertThat(listed.get("state").asText()).isEqualTo("complete");
    assertThat(listed.get("length").asLong()).isEqualTo(8 << 20);
    assertThat(listed.get("url").asText()).endsWith("/file.bin");
    assertThat(listed.get("lastFetch").asText()).isNotEmpty();
    assertThat(cache(0, "verify", "--json").get("tasks").get(0).get("bad")).isEmpty();

    killServer(1);
    Path data = Path.of(home(1), "tasks", task, "data");
    try (FileChannel channel = FileChannel.open(data, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap("spoiled".getBytes("UTF-8")), 300_000);
    }
    JsonNode bad = cache(24, "verify", task.substring(0, 6), "--json").get("tasks").get(0);
    assertThat(bad.get("bad").toString()).isEqualTo("[2]");
    assertThat(cache(0, "ls", "--json").get("tasks").get(0).get("state").asText())
        .isEqualTo("partial");
    assertThat(lab.server(Path.of(home(1)))).as("a server was started for that").isEmpty();
    assertThat(
            explain(1, output(1).toString())
                .json()
                .get("fetches")
                .get(0)
                .get("outputState")
                .asText())
        .isEqualTo("changed");
    assertThat(cache(0, "rm", "--all", "--json").get("tasks").get(0).get("result").asText())
        .isEqualTo("removed");
    assertThat(data).doesNotExist();
    assertThat(cache(0, "ls", "--json").get("tasks")).isEmpty();
  }

  @Test
  void aTaskInUseIsNotRemoved() throws Exception {
    Path file = nginx.publish("file.bin", 192 << 20);
    Running dfget = dfgetAlone(1, "slow/file.bin");
    lab.awaitSealed("home1", 1);

    Running rm = lab.start("dfget", "cache", "rm", "--all", "--home", home(1));

    assertThat(rm.exitCode(Duration.ofMinutes(1))).isEqualTo(23);
    assertThat(rm.err()).contains(" is in use and stays");
    assertFetched(dfget, 1, file);
  }

  private Running explain(int peer, String what) throws Exception {
    Running explain = lab.start("dfget", "explain", what, "--json", "--home", home(peer));
    assertThat(explain.exitCode(Duration.ofMinutes(1))).as(explain.err()).isZero();
    return explain;
  }

  private JsonNode cache(int exitCode, String... words) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("cache"));
    arguments.addAll(List.of(words));
    arguments.addAll(List.of("--home", home(1)));
    Running cache = lab.start("dfget", arguments.toArray(String[]::new));
    assertThat(cache.exitCode(Duration.ofMinutes(1))).as(cache.err()).isEqualTo(exitCode);
    return cache.json();
  }

  private String home(int peer) {
    return dir.resolve("home" + peer).toString();
  }

  private static List<JsonNode> elements(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).toList();
  }
}
