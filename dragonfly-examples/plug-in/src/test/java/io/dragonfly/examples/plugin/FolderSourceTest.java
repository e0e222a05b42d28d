package io.dragonfly.examples.plugin;

import io.dragonfly.spi.Source;
import io.dragonfly.testkit.SourceContract;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;

/** The folder source keeps the contract of every source. */
class FolderSourceTest extends SourceContract {
  @TempDir Path folder;
  private int count;

  @Override
  protected Source create() {
    return new FolderSource(name -> name.equals("test") ? folder : null);
  }

  @Override
  protected URI publish(byte[] content) throws IOException {
    String name = "file" + ++count;
    Files.write(folder.resolve(name), content);
    return URI.create("folder://test/" + name);
  }

  @Override
  protected void replace(URI uri, byte[] content) throws IOException {
    Path next = Files.write(folder.resolve("next"), content);
    Files.move(
        next, folder.resolve(uri.getPath().substring(1)), StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  protected URI missing() {
    return URI.create("folder://test/missing");
  }

  @Override
  protected Optional<URI> unreachable() {
    return Optional.empty();
  }
}
