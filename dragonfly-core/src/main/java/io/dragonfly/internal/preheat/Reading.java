package io.dragonfly.internal.preheat;

import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.internal.cdn.Sources;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ContentRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Supplier;

/** Reads small contents whole from their sources. Safe for concurrent use; callers wait. */
final class Reading {
  private final Sources sources;
  private final Duration stall;
  private final Supplier<Requester> requester;

  /**
   * Reads from these sources.
   *
   * @param stall how long a source may be silent
   * @param requester for whom sources are read
   */
  Reading(Sources sources, Duration stall, Supplier<Requester> requester) {
    this.sources = sources;
    this.stall = stall;
    this.requester = requester;
  }

  /**
   * Returns the bytes.
   *
   * @throws DistributionException if they cannot be read, or are more than so many
   */
  byte[] read(ContentRequest content, int most) {
    SourceRequest request = new SourceRequest(content, stall, requester.get());
    try (SourceContent opened = sources.of(content).open(request)) {
      byte[] bytes = opened.stream().readNBytes(most + 1);
      if (bytes.length > most) {
        throw new SourceFailedException(
            "%s has more than %d bytes, which it should not.".formatted(content.displayUrl(), most),
            null);
      }
      return bytes;
    } catch (IOException e) {
      throw new SourceFailedException(
          "%s cannot be read: %s. Check the name and the network."
              .formatted(content.displayUrl(), e.getMessage()),
          e);
    }
  }
}
