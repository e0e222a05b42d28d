package io.dragonfly.control;

import java.util.OptionalLong;

/**
 * The state of a supernode. The values are read one after the other.
 *
 * @param peers known peers
 * @param wantingPeers peers that want pieces
 * @param isolatedPeers peers that are isolated, because others complained about them
 * @param waitingCalls polls that wait for news
 * @param tasks tasks in the supernode cache
 * @param completeTasks tasks of which all pieces are cached
 * @param readingTasks tasks that are being downloaded from their source
 * @param passedOnTasks tasks that are only relayed, because the disk has no free space for them
 * @param cacheBytes size of the tasks in bytes when they are complete
 * @param quotaBytes limit of that size; empty if only the disk limits it
 * @param runningProbes probes of sources that are running
 * @param waitingProbes probes that wait for the limit of their host
 * @param waitingReads source downloads that wait for a thread
 * @param waitingChildren children that wait for a piece, or for their turn
 */
public record SupernodeState(
    int peers,
    int wantingPeers,
    int isolatedPeers,
    int waitingCalls,
    int tasks,
    int completeTasks,
    int readingTasks,
    int passedOnTasks,
    long cacheBytes,
    OptionalLong quotaBytes,
    int runningProbes,
    int waitingProbes,
    int waitingReads,
    int waitingChildren) {}
