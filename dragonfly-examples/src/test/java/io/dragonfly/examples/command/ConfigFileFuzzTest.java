package io.dragonfly.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.testkit.Fuzz;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Configuration files in every shape. */
@Tag("fuzz")
class ConfigFileFuzzTest {
  @TempDir Path dir;

  @Test
  void aFileIsReadOrRefusedWithItsLine() {
    Path file = dir.resolve("settings.yml");
    FakeCall call = new FakeCall(dir);
    Fuzz.Counts counts =
        Fuzz.of(
                "\n :-#[]{},&*!|>'\"%@?\t",
                "# a comment\n"
                    + "port: 8002\n"
                    + "node: [a:8002, 'b:8002']\n"
                    + "header:\n"
                    + "- 'A: b'\n"
                    + "- \"C: d\"\n",
                "idleTime: 10m\nurl: |\n  text\nlimit: &a 5MiB\n",
                "{port: 1, json: true}\n")
            .run(
                input -> {
                  Files.write(file, input);
                  Map<String, ConfigFile.Entry> entries =
                      ConfigFile.read(call, "settings.yml", true, name -> Optional.empty());
                  entries.forEach((name, entry) -> assertThat(entry.values()).isNotEmpty());
                  return true;
                },
                SettingsException.class);
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }
}
