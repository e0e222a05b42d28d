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
  void valuesImportTheJdkOnly() {
    RULES.importNothingBut(VALUES, "java..", "javax..", "org.jspecify..");
  }

  @Test
  void errorsUseValues() {
    RULES.importOfOurOwnOnly(ERROR, VALUES);
  }

  @Test
  void theControlProtocolUsesValuesAndErrors() {
    RULES.importOfOurOwnOnly(CONTROL, and(VALUES, ERROR));
  }

  @Test
  void spiAndFetchComeNextAndIgnoreEachOther() {
    RULES.importOfOurOwnOnly(SPI, and(VALUES, ERROR, CONTROL));
    RULES.importOfOurOwnOnly(FETCH, and(VALUES, ERROR, CONTROL));
  }

  @Test
  void homesAreSaidInTermsOfFetches() {
    RULES.importOfOurOwnOnly("io.dragonfly.home..", and(VALUES, ERROR, CONTROL, FETCH));
  }

  @Test
  void opensNoSocket() {
    RULES.importNone("io.netty..", "okhttp3..");
  }

  @Test
  void bucket4jStaysWithTheRates() {
    RULES.onlyIn("io.dragonfly.internal.rate..", "io.github.bucket4j..");
  }

  private static String[] and(String[] some, String... more) {
    return Stream.of(some, more).flatMap(Stream::of).toArray(String[]::new);
  }
}
