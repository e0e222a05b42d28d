/** Limits of rates by token buckets. The one place that knows Bucket4j. */
@NullMarked
package io.dragonfly.internal.rate;

import org.jspecify.annotations.NullMarked;
