package io.dragonfly.transport.http;

import io.dragonfly.testkit.ContinuationRules;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ContinuationRulesTest {
  @Test
  void noContinuationFailsUnseen() {
    ContinuationRules.noneFailsUnseen(Path.of("src/main/java"));
  }
}
