package io.dragonfly;

import io.dragonfly.internal.plugin.Plugins;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.SourceProvider;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The sources of one client by URL scheme: those given, and those found. Safe for concurrent use.
 */
final class ClientSources implements Function<String, Source>, AutoCloseable {
  private final Map<String, Source> given;
  private final List<SourceProvider> providers = Plugins.all(SourceProvider.class);
  private final SourceConfig config;
  private final Map<SourceProvider, Source> made = new HashMap<>();

  ClientSources(Map<String, Source> given, String userAgent) {
    this.given = given;
    this.config = new SourceConfig(userAgent);
  }

  /**
   * Returns the source for a scheme.
   *
   * @throws IllegalStateException if there is none; it says which there are and what to add
   */
  @Override
  public synchronized Source apply(String scheme) {
    String name = scheme.toLowerCase(Locale.ROOT);
    Source instance = given.get(name);
    if (instance != null) {
      return instance;
    }
    for (SourceProvider provider : providers) {
      if (provider.schemes().contains(name)) {
        return made.computeIfAbsent(provider, p -> p.create(config));
      }
    }
    TreeSet<String> known = new TreeSet<>(given.keySet());
    providers.forEach(provider -> known.addAll(provider.schemes()));
    throw new IllegalStateException(
        "no source reads %s URLs; found: %s. Add an artifact with a SourceProvider for it; dragonfly-transport-http has http and https."
            .formatted(name, known.isEmpty() ? "none" : String.join(", ", known)));
  }

  /** Closes those that were made here. */
  @Override
  public synchronized void close() {
    made.values().forEach(Source::close);
    made.clear();
  }
}
