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
record Question(Optional<String> range, Optional<String> ifRange) {
  /** The least that tells access, version and length. */
  static final Question OF_FIRST_BYTE = new Question(Optional.of("bytes=0-0"), Optional.empty());

  static final Question OF_WHOLE = new Question(Optional.empty(), Optional.empty());

  static Question ofRange(SourceVersion version, ByteRange range) {
    return new Question(Optional.of("bytes=" + range), version.validator());
  }
}
