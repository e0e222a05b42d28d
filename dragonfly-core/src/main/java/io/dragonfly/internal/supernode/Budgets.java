package io.dragonfly.internal.supernode;

import io.dragonfly.error.BusyException;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.queue.KeyedBudget;
import io.dragonfly.task.TaskId;

/**
 * What a supernode has room for. All that comes from one client address may use a part of each
 * total, so nobody takes what others need: see {@link HostKey}. Anyone who would use more gets a
 * {@link BusyException}. {@link Swarms}' lock guards it, the fields of type {@link KeyedBudget}
 * aside, which are safe for concurrent use.
 */
final class Budgets {
  /** How many peers a supernode knows. */
  static final int MOST_PEERS = 100_000;

  /** How many times a peer takes part in a task, of all peers. */
  static final int MOST_MEMBERSHIPS = 1_000_000;

  /** How many tasks peers have registered for, and are still in. */
  static final int MOST_TASKS = 400_000;

  /** Different names of zones: the scheduler does for each what it does for one. */
  static final int MOST_ZONES = 1_000;

  /** Bytes of URLs, headers and certificates that are kept to ask sources with. */
  static final long MOST_ACCESS_BYTES = 128L << 20;

  /** How many registrations wait for their answers. */
  static final int MOST_REGISTERING = 20_000;

  /** Bytes of what they say. */
  static final long MOST_REGISTERING_BYTES = 64L << 20;

  /**
   * Complaints of pieces in the cache, of which each has a piece read from the disk; a part of this
   * is what one address may have, and there is no total: else addresses that are wrong would
   * silence others. One that was right is given back at once, one that was wrong after {@link
   * io.dragonfly.internal.cdn.CdnTask#WRONG_COMPLAINT_COUNTS}.
   */
  static final int MOST_COMPLAINTS = 2_000;

  final KeyedBudget<HostKey> peers;

  /** Peers by other places than the first that they have called from; counted, not bounded. */
  final KeyedBudget<HostKey> elsewhere = new KeyedBudget<>(Long.MAX_VALUE, place -> Long.MAX_VALUE);

  final KeyedBudget<HostKey> memberships;
  final KeyedBudget<HostKey> registering;
  final KeyedBudget<HostKey> registeringBytes;
  final KeyedBudget<HostKey> complaints;
  final SharedBudget<TaskId, TaskId> tasks;
  final SharedBudget<String, String> zones;
  final KeptAccesses accesses;

  /**
   * Budgets of which nothing is used.
   *
   * @param share the part of each that one client address may use
   */
  Budgets(double share) {
    peers = KeyedBudget.shared(MOST_PEERS, share);
    memberships = KeyedBudget.shared(MOST_MEMBERSHIPS, share);
    registering = KeyedBudget.shared(MOST_REGISTERING, share);
    registeringBytes = KeyedBudget.shared(MOST_REGISTERING_BYTES, share);
    long complaintsOfOne = KeyedBudget.part(MOST_COMPLAINTS, share);
    complaints = new KeyedBudget<>(Long.MAX_VALUE, place -> complaintsOfOne);
    tasks = SharedBudget.of("tasks", MOST_TASKS, share);
    zones = SharedBudget.of("zones", MOST_ZONES, share);
    accesses = new KeptAccesses(MOST_ACCESS_BYTES, share);
  }

  /**
   * Takes an amount.
   *
   * @param what the units, for people
   * @throws BusyException if there is no room for it
   */
  static void take(KeyedBudget<HostKey> budget, HostKey place, long amount, String what) {
    switch (budget.take(place, amount)) {
      case TAKEN -> {}
      case KEY_IS_FULL ->
          throw BusyException.ofAddress(
              "%s has as many %s here as one address may have. Try again later."
                  .formatted(place.name(), what));
      case ALL_IS_FULL -> throw full(what);
    }
  }

  /** There is no room for anybody. */
  static BusyException full(String what) {
    return new BusyException(
        "This supernode has no room for more %s. Use another, or try again later.".formatted(what));
  }
}
