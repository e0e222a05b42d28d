package io.dragonfly.internal.storage;

import java.util.Set;

/**
 * What all tasks of one storage share.
 *
 * @param files the open files
 * @param space the space on the disk
 * @param syncer syncs what was written
 * @param machine the machine
 * @param cache what the system's page cache is likely to hold
 * @param writing has the tasks that somebody may be writing; those that lack nothing or that nobody
 *     has written for long are dropped when their space is added up
 */
record Disk(
    OpenFiles files,
    DiskSpace space,
    Syncer syncer,
    Machine machine,
    PageCache cache,
    Set<DiskTask> writing) {}
