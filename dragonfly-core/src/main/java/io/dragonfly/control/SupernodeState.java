package io.dragonfly.control;

import java.util.OptionalLong;

/**
 * How a supernode is at one moment: what it knows, what it holds, and who waits for what. The parts
 * are looked at one after the other.
 *
 * @param peers peers that it knows
 * @param wantingPeers those of them that want pieces
 * @param isolatedPeers those of them that give to nobody, since others complained of them
 * @param waitingCalls calls of peers that wait for something new
 * @param tasks tasks in the CDN cache
 * @param completeTasks those of them of which all pieces are there
 * @param readingTasks those of them whose source is being read
 * @param passedOnTasks those of them that the disk has no room for, and that are only passed on
 * @param cacheBytes what they take up, or will when they are read
 * @param quotaBytes what they may take up; empty for what the disk has
 * @param runningProbes questions to sources that are on their way
 * @param waitingProbes questions that wait until their host has answered others
 * @param waitingReads reads that wait for a thread
 * @param waitingChildren takers that wait for a piece, or for others to be served first
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
