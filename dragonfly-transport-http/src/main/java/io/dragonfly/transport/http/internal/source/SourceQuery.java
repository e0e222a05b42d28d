package io.dragonfly.transport.http.internal.source;

import io.dragonfly.task.ByteRange;
import io.dragonfly.task.SourceVersion;
import java.util.Optional;

/**
 * What is asked of a server beside the URL.
 *
 * @param range the value of the Range header, if a part is wanted
 * @param ifRange the value of the If-Range header, if the part must be of one version
 */
record SourceQuery(Optional<String> range, Optional<String> ifRange) {
  /** The least that tells access, version and length. */
  static final SourceQuery OF_FIRST_BYTE =
      new SourceQuery(Optional.of("bytes=0-0"), Optional.empty());

  static final SourceQuery OF_WHOLE = new SourceQuery(Optional.empty(), Optional.empty());

  static SourceQuery ofRange(SourceVersion version, ByteRange range) {
    return new SourceQuery(Optional.of("bytes=" + range), version.validator());
  }
}
