/** A source and a store of one's own. */
module io.dragonfly.examples.plugin {
  requires static transitive org.jspecify;
  requires transitive io.dragonfly.core;

  exports io.dragonfly.examples.plugin;

  provides io.dragonfly.spi.SourceProvider with
      io.dragonfly.examples.plugin.FolderSourceProvider;
  provides io.dragonfly.spi.StorageProvider with
      io.dragonfly.examples.plugin.ScratchStorageProvider;
}
