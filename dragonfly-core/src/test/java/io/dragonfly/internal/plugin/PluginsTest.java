package io.dragonfly.internal.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.RateLimiterProvider;
import io.dragonfly.testkit.LeakCheck;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class PluginsTest {
  @TempDir Path directory;

  @Test
  void findsWhatTheContextClassLoaderSees() throws Exception {
    RateLimiterProvider found = withProviders(() -> byName("good"), Good.class.getName());

    assertThat(found).isInstanceOf(Good.class);
  }

  @Test
  void skipsBrokenProviders() throws Exception {
    RateLimiterProvider found =
        withProviders(
            () -> byName("good"),
            "no.such.Provider",
            NotOne.class.getName(),
            FailsToStart.class.getName(),
            FailsToSayItsName.class.getName(),
            Good.class.getName());

    assertThat(found).isInstanceOf(Good.class);
  }

  @Test
  void anUnknownNameListsThoseFoundAndTheArtifactToAdd() {
    assertThatThrownBy(() -> withProviders(() -> byName("godo"), Good.class.getName()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no RateLimiterProvider is called 'godo'; found: ")
        .hasMessageContaining("good")
        .hasMessageEndingWith("Add limiters.jar.");
  }

  @Test
  void givesEachProviderOnce() throws Exception {
    List<RateLimiterProvider> all =
        withProviders(
            () -> Plugins.all(RateLimiterProvider.class),
            Good.class.getName(),
            Good.class.getName());

    assertThat(all).filteredOn(p -> p instanceof Good).hasSize(1);
  }

  @Test
  void worksWithoutAContextClassLoader() {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    Thread.currentThread().setContextClassLoader(null);
    try {
      assertThat(Plugins.all(RateLimiterProvider.class)).noneMatch(p -> p instanceof Good);
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private static RateLimiterProvider byName(String name) {
    return Plugins.byName(
        RateLimiterProvider.class, RateLimiterProvider::name, name, "Add limiters.jar.");
  }

  private <T> T withProviders(Supplier<T> action, String... classes) throws Exception {
    Path services = directory.resolve("META-INF/services");
    Files.createDirectories(services);
    Files.write(services.resolve(RateLimiterProvider.class.getName()), List.of(classes));
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {directory.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      return action.get();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  public static class Good implements RateLimiterProvider {
    @Override
    public String name() {
      return "good";
    }

    @Override
    public RateLimiter create(Optional<Rate> rate) {
      throw new UnsupportedOperationException();
    }
  }

  public static final class FailsToStart extends Good {
    public FailsToStart() {
      throw new IllegalStateException("broken on purpose");
    }
  }

  public static final class FailsToSayItsName extends Good {
    @Override
    public String name() {
      throw new NoClassDefFoundError("broken on purpose");
    }
  }

  public static final class NotOne {}
}
