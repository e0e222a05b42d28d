/**
 * The source behind http and https URLs, over OkHttp: what is asked, what an answer means, and how
 * its bytes are read. Who may ask what and when is not decided here.
 */
@NullMarked
package io.dragonfly.transport.http.internal.source;

import org.jspecify.annotations.NullMarked;
