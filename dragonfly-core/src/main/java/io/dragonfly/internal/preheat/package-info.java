/**
 * Brings contents into the CDN cache before a peer asks for them: which contents an image consists
 * of, and the jobs that read them, each as one more peer that takes nothing. It knows the
 * supernode's calls and its sources, and nothing of swarms.
 */
@NullMarked
package io.dragonfly.internal.preheat;

import org.jspecify.annotations.NullMarked;
