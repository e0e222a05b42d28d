package io.dragonfly.scheduler;

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

  @Test
  void nothingImportsTheEntryPackage() {
    rules.nothingImportsTheEntryPackage();
  }

  @Test
  void opensNoSocket() {
    rules.importNone("io.netty..", "okhttp3..");
  }
}
