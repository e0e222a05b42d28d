/** The transport over HTTP, for those who set TLS, a proxy or ports by hand. */
@NullMarked
package io.dragonfly.transport.http;

import org.jspecify.annotations.NullMarked;
