/**
 * What can go wrong, one exception for each thing that a user can do something about. All are
 * {@link io.dragonfly.error.DistributionException}s.
 */
@NullMarked
package io.dragonfly.error;

import org.jspecify.annotations.NullMarked;
