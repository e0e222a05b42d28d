package io.dragonfly.fetch;

import io.dragonfly.peer.Peer;
import java.time.Duration;

/**
 * What one parent gave to a fetch.
 *
 * @param parent who
 * @param bytes verified bytes of content
 * @param time the sum of the times that its pieces took
 */
public record ParentShare(Peer parent, long bytes, Duration time) {}
