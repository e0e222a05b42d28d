package io.dragonfly.examples.plugin;

import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.SourceProvider;
import java.nio.file.Path;
import java.util.Set;

/** Makes the source of {@code folder:} URLs. */
public final class FolderSourceProvider implements SourceProvider {
  /** For ServiceLoader. */
  public FolderSourceProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of("folder");
  }

  /** Finds the folder called NAME in the system property {@code dragonfly.folder.NAME}. */
  @Override
  public Source create(SourceConfig config) {
    return new FolderSource(
        name -> {
          String folder = System.getProperty("dragonfly.folder." + name);
          return folder == null ? null : Path.of(folder);
        });
  }
}
