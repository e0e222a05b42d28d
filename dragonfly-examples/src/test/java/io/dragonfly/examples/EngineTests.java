package io.dragonfly.examples;

import io.dragonfly.examples.CommandLab.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/** What engines need to pull: settings, stores of their own, and variables. */
abstract class EngineTests extends RegistryTests {
  /** Skips the test if an engine does not work on this machine. */
  void require(String engine, Map<String, String> variables, Path conf) throws Exception {
    Files.writeString(
        dir.resolve("policy.json"), "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}");
    Running works = storing(engine, variables, conf, "images");
    Assumptions.assumeTrue(works.exitCode(LIMIT) == 0, engine + " does not work here");
  }

  String[] pull(DockerRegistry from) {
    return new String[] {
      "pull",
      "--signature-policy",
      dir.resolve("policy.json").toString(),
      from.address() + "/lab/app:1"
    };
  }

  /** Runs an engine with a store of its own. */
  Running storing(String engine, Map<String, String> variables, Path conf, String... arguments)
      throws IOException {
    Map<String, String> all = new HashMap<>(variables);
    all.put("CONTAINERS_REGISTRIES_CONF", conf.toString());
    List<String> line =
        new ArrayList<>(List.of(Installed.program(engine).toString(), "--storage-driver", "vfs"));
    line.addAll(List.of("--root", dir.resolve(engine).toString()));
    line.addAll(List.of("--runroot", dir.resolve(engine + "-run").toString()));
    line.addAll(List.of(arguments));
    return program("env", with(all, line.toArray(String[]::new)));
  }

  private static String[] with(Map<String, String> variables, String... line) {
    List<String> all = new ArrayList<>();
    variables.forEach((name, value) -> all.add(name + "=" + value));
    all.addAll(List.of(line));
    return all.toArray(String[]::new);
  }

  Running skopeoWith(
      Map<String, String> variables, DockerRegistry from, String to, String... settings)
      throws IOException {
    List<String> line = new ArrayList<>(List.of(Installed.program("skopeo").toString()));
    line.addAll(List.of(settings));
    line.addAll(List.of("copy", "--insecure-policy"));
    line.add("docker://%s/lab/app:1".formatted(from.address()));
    line.add("dir:" + dir.resolve(to));
    return program("env", with(variables, line.toArray(String[]::new)));
  }
}
