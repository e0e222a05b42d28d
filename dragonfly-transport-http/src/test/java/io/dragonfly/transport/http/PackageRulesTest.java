package io.dragonfly.transport.http;

import io.dragonfly.testkit.PackageRules;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PackageRulesTest {
  private static final String INTERNAL = "io.dragonfly.transport.http.internal";

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
  void okHttpAndNettyStayInternal() {
    rules.onlyIn(INTERNAL + "..", "okhttp3..", "okio..");
    rules.onlyIn(INTERNAL + "..", "io.netty..");
  }

  @Test
  void clientServerSourceAndProxyUseWireAndNotEachOther() {
    rules.ignoreEachOther(
        Stream.of("client", "server", "source", "proxy")
            .map(name -> INTERNAL + "." + name + "..")
            .toList());
  }
}
