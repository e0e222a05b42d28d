package io.dragonfly.fetch;

import java.util.OptionalLong;

/**
 * How a client is at one moment.
 *
 * @param tasks tasks in its home directory
 * @param bytes what their pieces take up
 * @param quotaBytes what they may take up; empty for what the disk has
 * @param waitingChildren other peers that wait for a piece, or for others to be served first
 * @param bufferBytes bytes of memory with what has come and waits for the disk
 */
public record ClientState(
    int tasks, long bytes, OptionalLong quotaBytes, int waitingChildren, long bufferBytes) {}
