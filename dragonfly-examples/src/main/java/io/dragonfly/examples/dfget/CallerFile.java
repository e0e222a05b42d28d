package io.dragonfly.examples.dfget;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.dragonfly.examples.command.Call;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;

/** Reads small files that options name, as the caller may. */
final class CallerFile {
  private static final int MOST_BYTES = 1 << 20;

  private CallerFile() {}

  /**
   * Returns a file's text.
   *
   * @param option who names it, for the message
   * @throws IllegalArgumentException if it cannot be read, or is large
   */
  static String read(Call call, String option, String file) {
    try (InputStream in = call.open(file)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new IllegalArgumentException("%s: %s has more than 1 MiB".formatted(option, file));
      }
      return new String(bytes, UTF_8);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("%s: there is no file %s".formatted(option, file), e);
    } catch (AccessDeniedException e) {
      throw new IllegalArgumentException(
          "%s: %s cannot be read: permission denied".formatted(option, file), e);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "%s: %s cannot be read: %s".formatted(option, file, e.getMessage()), e);
    }
  }
}
