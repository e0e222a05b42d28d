package io.dragonfly.examples.plugin;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.SourceVersion;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code folder://NAME/path}: the file {@code path} in the folder that is called NAME. A
 * file's version is its time of change, its length and its inode.
 */
public final class FolderSource implements Source {
  private final Function<String, @Nullable Path> folders;

  /**
   * A source over folders.
   *
   * @param folders gives the folder of a name, or null if there is none
   */
  public FolderSource(Function<String, @Nullable Path> folders) {
    this.folders = folders;
  }

  @Override
  public SourceVersion ask(SourceRequest request) throws IOException {
    return version(file(request));
  }

  @Override
  public SourceContent open(SourceRequest request) throws IOException {
    Path file = file(request);
    SourceVersion version = version(file);
    return new SourceContent(version, stream(file, version, new ByteRange(0, length(version))));
  }

  @Override
  public InputStream open(SourceRequest request, SourceVersion version, ByteRange range)
      throws IOException {
    Path file = file(request);
    requireVersion(file, version);
    // Who does not know the length may ask for more than there is.
    return stream(file, version, range.within(length(version(file))));
  }

  /** Opens nothing of its own, so there is nothing to close. */
  @Override
  public void close() {}

  private InputStream stream(Path file, SourceVersion version, ByteRange range) throws IOException {
    InputStream in = Files.newInputStream(file);
    try {
      in.skipNBytes(range.start());
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
    return new FolderStream(in, range.length(), () -> requireVersion(file, version));
  }

  /** Compares what the version that is expected says; it need not say everything. */
  private static void requireVersion(Path file, SourceVersion expected) throws IOException {
    SourceVersion actual = version(file);
    boolean otherValidator =
        expected.validator().isPresent() && !expected.validator().equals(actual.validator());
    boolean otherLength =
        expected.length().isPresent() && !expected.length().equals(actual.length());
    if (otherValidator || otherLength) {
      throw new SourceChangedException(
          "%s has changed. Fetch it again to get what is there now.".formatted(file.getFileName()));
    }
  }

  private Path file(SourceRequest request) throws IOException {
    URI url = request.content().url();
    Path folder = folders.apply(url.getAuthority());
    if (folder == null) {
      throw new ContentNotFoundException(
          "There is no folder '%s': set the system property dragonfly.folder.%s."
              .formatted(url.getAuthority(), url.getAuthority()));
    }
    Path root = folder.toRealPath();
    Path file = root.resolve(url.getPath().replaceFirst("^/+", "")).normalize();
    try {
      Path real = file.toRealPath();
      if (!real.startsWith(root)) {
        throw new AccessRefusedException(
            "%s lies outside of its folder.".formatted(request.content().displayUrl()),
            403,
            List.of());
      }
      if (!Files.isRegularFile(real)) {
        throw new ContentNotFoundException(
            "%s is no file.".formatted(request.content().displayUrl()));
      }
      return real;
    } catch (NoSuchFileException e) {
      throw new ContentNotFoundException(
          "There is no file %s.".formatted(request.content().displayUrl()), e);
    }
  }

  private static long length(SourceVersion version) {
    return version.length().orElseThrow();
  }

  private static SourceVersion version(Path file) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    String validator =
        "\"%x-%x-%x\""
            .formatted(
                attributes.lastModifiedTime().toMillis(),
                attributes.size(),
                String.valueOf(attributes.fileKey()).hashCode());
    return new SourceVersion(Optional.of(validator), OptionalLong.of(attributes.size()));
  }
}
