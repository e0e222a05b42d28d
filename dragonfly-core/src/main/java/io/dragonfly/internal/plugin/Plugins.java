package io.dragonfly.internal.plugin;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds providers with ServiceLoader: first those that the thread's context class loader sees, then
 * those beside this class. A broken provider is logged and skipped. Safe for concurrent use.
 */
public final class Plugins {
  private static final Logger log = LoggerFactory.getLogger(Plugins.class);

  /** A class loader that fails for ever must not hold us up for ever. */
  private static final int MOST_FAILURES = 100;

  private Plugins() {}

  /** Returns all providers that work, the context class loader's first. */
  public static <P> List<P> all(Class<P> providerType) {
    Map<Class<?>, P> found = new LinkedHashMap<>();
    collect(providerType, Thread.currentThread().getContextClassLoader(), found);
    collect(providerType, Plugins.class.getClassLoader(), found);
    return List.copyOf(found.values());
  }

  /**
   * Returns the first provider of a name.
   *
   * @param name tells a provider's name
   * @param wanted the name that is looked for
   * @param artifactHint what to say about the artifact to add if there is no such provider
   * @throws IllegalStateException if there is none; it says which there are and what to add
   */
  public static <P> P byName(
      Class<P> providerType, Function<P, String> name, String wanted, String artifactHint) {
    Map<String, P> named = named(all(providerType), name);
    P provider = named.get(wanted);
    if (provider == null) {
      throw new IllegalStateException(
          "no %s is called '%s'; found: %s. %s"
              .formatted(
                  providerType.getSimpleName(),
                  wanted,
                  named.isEmpty() ? "none" : String.join(", ", new TreeSet<>(named.keySet())),
                  artifactHint));
    }
    return provider;
  }

  private static <P> Map<String, P> named(Collection<P> providers, Function<P, String> name) {
    Map<String, P> named = new LinkedHashMap<>();
    for (P provider : providers) {
      try {
        named.putIfAbsent(name.apply(provider), provider);
      } catch (RuntimeException | LinkageError e) {
        skipped(provider.getClass().getName(), e);
      }
    }
    return named;
  }

  private static <P> void collect(
      Class<P> type, @Nullable ClassLoader loader, Map<Class<?>, P> found) {
    if (loader == null) {
      return;
    }
    Iterator<P> providers = ServiceLoader.load(type, loader).iterator();
    List<Throwable> failures = new ArrayList<>();
    while (failures.size() < MOST_FAILURES) {
      try {
        if (!providers.hasNext()) {
          return;
        }
        P provider = providers.next();
        found.putIfAbsent(provider.getClass(), provider);
      } catch (ServiceConfigurationError | LinkageError e) {
        // The iterator has moved past it: the next call goes on with the provider behind.
        failures.add(e);
        skipped(type.getSimpleName(), e);
      }
    }
  }

  private static void skipped(String what, Throwable why) {
    log.warn("skipped a broken {}: {}", what, why.toString());
  }
}
