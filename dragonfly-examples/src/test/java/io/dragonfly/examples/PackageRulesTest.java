package io.dragonfly.examples;

import io.dragonfly.testkit.PackageRules;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PackageRulesTest {
  private static final PackageRules RULES = PackageRules.of(Path.of("target/classes"));

  @Test
  void noPackageCycles() {
    RULES.noPackageCycles();
  }

  @Test
  void publicSignaturesExposeNoLibrary() {
    RULES.exposesNoLibrary();
  }

  @Test
  void everyPackageIsNullMarked() {
    RULES.everyPackageIsNullMarked();
  }
}
