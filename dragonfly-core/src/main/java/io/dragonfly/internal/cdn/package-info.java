/**
 * The CDN cache: reads each task from its source once, computes the digests, and keeps the bytes.
 * Knows nothing of peers; what happens is told to a {@link io.dragonfly.internal.cdn.CdnListener}.
 */
@NullMarked
package io.dragonfly.internal.cdn;

import org.jspecify.annotations.NullMarked;
