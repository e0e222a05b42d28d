package io.dragonfly.internal.cdn;

import io.dragonfly.spi.Requester;
import io.dragonfly.task.ContentRequest;

/**
 * What a source may be asked with. Kept in memory for as long as somebody who gave it takes part.
 *
 * @param content the request with its credentials
 * @param requester for whom the source is read
 * @param fingerprint equal for equal requests of equal requesters, and tells nothing about them
 * @param credentials equal for equal headers, filters and certificates, and tells nothing about
 *     them
 */
public record Access(
    ContentRequest content, Requester requester, String fingerprint, String credentials) {
  /** An access whose credentials nobody else has. */
  public Access(ContentRequest content, Requester requester, String fingerprint) {
    this(content, requester, fingerprint, fingerprint);
  }
}
