/** Reading a source: from where a client is, after failures too, and only one version. */
@NullMarked
package io.dragonfly.internal.transfer.source;

import org.jspecify.annotations.NullMarked;
