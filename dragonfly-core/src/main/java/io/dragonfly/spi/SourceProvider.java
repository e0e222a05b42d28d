package io.dragonfly.spi;

import java.util.Set;

/** Makes a {@link Source}. Found by ServiceLoader; an instance given to a config's builder wins. */
public interface SourceProvider {
  /** Returns the URL schemes, in lower case, that the source reads. */
  Set<String> schemes();

  /** Makes a source. The caller closes it. */
  Source create(SourceConfig config);
}
