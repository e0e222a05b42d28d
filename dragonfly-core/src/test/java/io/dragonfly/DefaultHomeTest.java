package io.dragonfly;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisabledOnOs(OS.WINDOWS)
class DefaultHomeTest {
  @ParameterizedTest
  @CsvSource({
    "/x, /h, /x",
    "x, /h, /h/.cache",
    ", /h, /h/.cache",
    ", h, /account/.cache",
    ", , /account/.cache"
  })
  void isWhereTheUsersVariablesSay(@Nullable String cache, @Nullable String home, Path expected) {
    assertThat(DefaultHome.cache(cache, home, "/account")).isEqualTo(expected);
  }
}
