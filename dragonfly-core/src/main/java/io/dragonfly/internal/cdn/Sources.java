package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.internal.plugin.Plugins;
import io.dragonfly.spi.HostRules;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.SourceProvider;
import io.dragonfly.task.ContentRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The sources by the URL schemes that they read: those that were given, and for other schemes those
 * whose providers are found. A provider is asked when its scheme is first used. Safe for concurrent
 * use.
 */
public final class Sources implements AutoCloseable {
  /** Causes of a failure that are looked at. */
  private static final int DEEPEST = 10;

  private final Map<String, Source> given;
  private final Map<String, SourceProvider> providers = new HashMap<>();
  private final SourceConfig config;

  @GuardedBy("this")
  private final Map<SourceProvider, Source> made = new HashMap<>();

  @GuardedBy("this")
  private boolean closed;

  /**
   * The sources of one supernode or client.
   *
   * @param given by scheme; they stay their giver's
   * @param config for those that are made
   */
  public Sources(Map<String, Source> given, SourceConfig config) {
    this.given = Map.copyOf(given);
    this.config = config;
    for (SourceProvider provider : Plugins.all(SourceProvider.class)) {
      provider.schemes().forEach(scheme -> providers.putIfAbsent(scheme, provider));
    }
  }

  /**
   * Returns the source that reads a content.
   *
   * @throws CallRefusedException if there is none for its scheme
   */
  public Source of(ContentRequest content) {
    String scheme = content.url().getScheme().toLowerCase(Locale.ROOT);
    Source source = given.get(scheme);
    if (source != null) {
      return source;
    }
    SourceProvider provider = providers.get(scheme);
    if (provider == null) {
      throw new CallRefusedException(
          "Nothing reads %s: there are sources for %s. Add the artifact that has one."
              .formatted(content.displayUrl(), schemes()));
    }
    synchronized (this) {
      if (closed) {
        throw new CallRefusedException("No source is read any more: this process is stopping.");
      }
      return made.computeIfAbsent(provider, p -> p.create(config));
    }
  }

  private String schemes() {
    TreeSet<String> all = new TreeSet<>(given.keySet());
    all.addAll(providers.keySet());
    return all.isEmpty() ? "no scheme" : String.join(", ", all);
  }

  /**
   * Tells whether a source has said no: it will not say yes to the same question. Any other failure
   * may pass.
   */
  public static boolean isFinal(SourceFailedException failure) {
    int status = failure.status().orElse(0);
    return status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
  }

  /** Tells whether a source was not read because of where it is. */
  public static boolean isRefusedPlace(Throwable failure) {
    @Nullable Throwable at = failure;
    for (int i = 0; at != null && i < DEEPEST; i++) {
      if (at instanceof HostRules.RefusedException) {
        return true;
      }
      at = at.getCause();
    }
    return false;
  }

  /** Ends what the sources that were made here have open. */
  @Override
  public void close() {
    List<Source> all;
    synchronized (this) {
      closed = true;
      all = new ArrayList<>(made.values());
      made.clear();
    }
    all.forEach(Source::close);
  }
}
