package io.dragonfly.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * Programs that tests need and that not every machine has. A test is skipped where one is missing,
 * and says so once; with {@code DRAGONFLY_ENGINES=required}, as in CI, it fails.
 */
final class Installed {
  static final String VARIABLE = "DRAGONFLY_ENGINES";

  private static final List<Path> PLACES = List.of(Path.of("/usr/bin"), Path.of("/usr/sbin"));
  private static final Set<String> TOLD = ConcurrentHashMap.newKeySet();

  private Installed() {}

  /** Returns where a program is; skips or fails the test if it is nowhere. */
  static Path program(String name) {
    return program(name, System.getenv(VARIABLE));
  }

  static Path program(String name, @Nullable String setting) {
    for (Path place : PLACES) {
      if (Files.isExecutable(place.resolve(name))) {
        return place.resolve(name);
      }
    }
    String missing = name + " is not installed";
    if ("required".equals(setting)) {
      return Assertions.fail(missing + ", but " + VARIABLE + "=required");
    }
    if (TOLD.add(name)) {
      System.err.println("Tests are skipped: " + missing + ".");
    }
    return Assumptions.abort(missing);
  }
}
