/** What a caller asks for and gets: requests, handles, results and listeners. */
@NullMarked
package io.dragonfly.fetch;

import org.jspecify.annotations.NullMarked;
