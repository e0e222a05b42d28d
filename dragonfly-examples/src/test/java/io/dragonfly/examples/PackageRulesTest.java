package io.dragonfly.examples;

import io.dragonfly.testkit.PackageRules;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PackageRulesTest {
  private final PackageRules rules = PackageRules.of(Path.of("target/classes"));

  @Test
  void noPackageCycles() {
    rules.noPackageCycles();
  }

  @Test
  void publicSignaturesExposeNoLibrary() {
    rules.exposesNoLibrary();
  }

  @Test
  void everyPackageIsNullMarked() {
    rules.everyPackageIsNullMarked();
  }
}
