package io.dragonfly;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.testkit.ContinuationRules;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContinuationRulesTest {
  @Test
  void noContinuationFailsUnseen() {
    ContinuationRules.noneFailsUnseen(Path.of("src/main/java"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "var unused = future.whenComplete((v, e) -> done());",
        "CompletableFuture<Void> unused =\n    future\n        .thenRun(() -> done());",
        "future.thenAccept(value -> { use(value); });",
        "if (a) { stage(x, y).exceptionally(e -> null); }",
        "all.forEach(f -> f.thenRun(this::done));",
        "Runnable r = () -> future.handleAsync((v, e) -> null);",
      })
  void whatNobodyUsesIsFound(String statement) {
    assertThat(ContinuationRules.unseen("void m() {\n" + statement + "\n}")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "return future.whenComplete((v, e) -> done());",
        "CompletableFuture<Void> all =\n    future\n        .thenRun(() -> done());",
        "this.last = future.thenAccept(value -> { use(value); });",
        "last.add(future.thenRun(() -> done()));",
        "future.handle((v, e) -> true).join();",
        "return links.map(link -> link.ask().thenAccept(this::use)).toList();",
        "// future.thenRun(this::done);",
        "String s = \"future.thenRun(this::done);\";",
      })
  void whatSomebodyUsesIsNot(String statement) {
    assertThat(ContinuationRules.unseen("void m() {\n" + statement + "\n}")).isEmpty();
  }
}
