package io.dragonfly.transport.http;

import io.dragonfly.testkit.PackageRules;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PackageRulesTest {
  private static final String INTERNAL = "io.dragonfly.transport.http.internal";

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

  @Test
  void nothingImportsTheEntryPackage() {
    RULES.nothingImportsTheEntryPackage();
  }

  @Test
  void okHttpAndNettyStayInternal() {
    RULES.onlyIn(INTERNAL + "..", "okhttp3..", "okio..");
    RULES.onlyIn(INTERNAL + "..", "io.netty..");
  }

  @Test
  void micrometerIsNeededByTheMetricsAlone() {
    RULES.onlyIn("io.dragonfly.transport.http.metrics..", "io.micrometer..");
  }

  @Test
  void clientServerSourceAndProxyUseWireAndNotEachOther() {
    RULES.ignoreEachOther(
        Stream.of("client", "server", "source", "proxy")
            .map(name -> INTERNAL + "." + name + "..")
            .toList());
  }
}
