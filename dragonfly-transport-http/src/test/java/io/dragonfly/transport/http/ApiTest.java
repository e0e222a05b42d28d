package io.dragonfly.transport.http;

import io.dragonfly.testkit.ApiDump;
import io.dragonfly.testkit.JavadocRules;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ApiTest {
  private static final Path CLASSES = Path.of("target/classes");

  @Test
  void theApiChangesOnPurposeOnly() {
    ApiDump.of(CLASSES).verify(Path.of("src/test/resources/api.txt"));
  }

  @Test
  void theApiIsDocumented() {
    JavadocRules.verify(Path.of("src/main/java"), CLASSES);
  }
}
