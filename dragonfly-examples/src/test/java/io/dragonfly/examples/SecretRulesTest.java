package io.dragonfly.examples;

import io.dragonfly.testkit.SecretRules;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SecretRulesTest {
  @Test
  void noRecordTellsASecret() {
    SecretRules.of(Path.of("target/classes")).noRecordTellsASecret(5);
  }
}
