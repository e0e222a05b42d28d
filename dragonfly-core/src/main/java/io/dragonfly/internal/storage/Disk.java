package io.dragonfly.internal.storage;

/**
 * What all tasks of one storage share.
 *
 * @param files the open files
 * @param room the room on the disk
 * @param syncer syncs what was written
 * @param machine the machine
 */
record Disk(OpenFiles files, Room room, Syncer syncer, Machine machine) {}
