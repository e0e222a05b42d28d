package io.dragonfly;

import io.dragonfly.testkit.PackageRules;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PackageRulesTest {
  private static final String[] VALUES = {
    "io.dragonfly.task..", "io.dragonfly.peer..", "io.dragonfly.rate.."
  };
  private static final String ERROR = "io.dragonfly.error..";
  private static final String CONTROL = "io.dragonfly.control..";
  private static final String SPI = "io.dragonfly.spi..";
  private static final String FETCH = "io.dragonfly.fetch..";

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
  void valuesImportTheJdkOnly() {
    rules.importNothingBut(VALUES, "java..", "javax..", "org.jspecify..");
  }

  @Test
  void errorsUseValues() {
    rules.importOfOurOwnOnly(ERROR, VALUES);
  }

  @Test
  void theControlProtocolUsesValuesAndErrors() {
    rules.importOfOurOwnOnly(CONTROL, and(VALUES, ERROR));
  }

  @Test
  void spiAndFetchComeNextAndIgnoreEachOther() {
    rules.importOfOurOwnOnly(SPI, and(VALUES, ERROR, CONTROL));
    rules.importOfOurOwnOnly(FETCH, and(VALUES, ERROR, CONTROL));
  }

  @Test
  void opensNoSocket() {
    rules.importNone("io.netty..", "okhttp3..");
  }

  @Test
  void bucket4jStaysWithTheRates() {
    rules.onlyIn("io.dragonfly.internal.rate..", "io.github.bucket4j..");
  }

  private static String[] and(String[] some, String... more) {
    return Stream.of(some, more).flatMap(Stream::of).toArray(String[]::new);
  }
}
