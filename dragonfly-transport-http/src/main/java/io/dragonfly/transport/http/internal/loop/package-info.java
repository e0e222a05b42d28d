/**
 * The event loops that servers and takes share: epoll where the system has it, NIO elsewhere. What
 * runs on them is in the packages of server and client.
 */
@NullMarked
package io.dragonfly.transport.http.internal.loop;

import org.jspecify.annotations.NullMarked;
