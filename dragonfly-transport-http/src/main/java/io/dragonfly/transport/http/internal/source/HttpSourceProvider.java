package io.dragonfly.transport.http.internal.source;

import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.SourceProvider;
import java.util.Set;

/** Makes sources that read http and https URLs. */
public final class HttpSourceProvider implements SourceProvider {
  @Override
  public Set<String> schemes() {
    return Set.of("http", "https");
  }

  @Override
  public Source create(SourceConfig config) {
    return new HttpSource(config, System.getenv());
  }
}
