package io.dragonfly.internal.cdn;

import io.dragonfly.task.ContentRequest;

/**
 * What a source may be asked with. Kept in memory for as long as somebody who gave it takes part.
 *
 * @param content the request with its credentials
 * @param fromThisMachine whether who gave it runs on this machine
 * @param fingerprint equal for equal credentials, and tells nothing about them
 */
public record Access(ContentRequest content, boolean fromThisMachine, String fingerprint) {}
