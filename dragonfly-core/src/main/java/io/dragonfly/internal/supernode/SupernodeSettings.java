package io.dragonfly.internal.supernode;

import java.time.Duration;

/**
 * The numbers that a supernode works by.
 *
 * @param zone its zone; empty if it does not say
 * @param workingLease how long a peer that wants something may be silent
 * @param seedingLease how long a peer that only gives may be silent
 * @param backToSourcePeers how many peers of a task may read the source should the supernode be
 *     lost
 * @param sourceConcurrency how many questions to one source host may be in flight
 * @param stallTimeout how long a source may take to answer
 * @param unvalidatedTtl how long after its read a version without a validator can be joined
 * @param accessTtl how long an answer about a content named by a digest is believed
 * @param sharePerAddress the part of each of its totals that one client address may use
 * @param offlineTtl how long a file named by a digest, which a source gave without credentials, is
 *     given while that source cannot be reached
 */
public record SupernodeSettings(
    String zone,
    Duration workingLease,
    Duration seedingLease,
    int backToSourcePeers,
    int sourceConcurrency,
    Duration stallTimeout,
    Duration unvalidatedTtl,
    Duration accessTtl,
    double sharePerAddress,
    Duration offlineTtl) {
  /** How long a capability is valid. It is made anew when half of that is over. */
  static final Duration CAPABILITY_LIFE = Duration.ofMinutes(10);

  /** How long a ticket stands for the question to the source. */
  static final Duration TICKET_LIFE = Duration.ofHours(1);

  /** How long a pushed file may wait in its peer behind others, and be fetched then. */
  static final Duration PUSH_LIFE = Duration.ofDays(1);

  /** How long a source is read on when the last peer that wants the task has gone. */
  static final Duration IDLE = Duration.ofSeconds(30);

  /** How long a registration waits for a small content, to answer with it. */
  static final Duration CONTENT_PATIENCE = Duration.ofSeconds(5);

  /** How much memory small contents take up, to answer registrations with. */
  static final long SMALL_CONTENTS_BYTES = 32L << 20;

  /** How often the scheduler is told that time goes on, while a peer wants something. */
  static final Duration TICK = Duration.ofMillis(100);

  /** So many contents to fetch are told to a peer in one answer. */
  static final int MOST_PREHEATS = 16;

  /** So many may wait to be told to one peer; with more it is left out. */
  static final int MOST_PREHEATS_WAITING = 1000;

  /**
   * So many capabilities are revoked in one answer, and so many more may wait for the next ones.
   */
  static final int MOST_REVOKED = 256;

  static final int MOST_REVOKED_WAITING = 4096;

  /** How often it is looked whether all peers that had a piece have gone. */
  static final Duration LOOK_FOR_ORPHANS = Duration.ofSeconds(1);

  /** How many assignments one answer makes at most. */
  static final int MOST_ASSIGNED = 64;

  /** How many digests one answer has at most. Pieces beyond are not assigned in it either. */
  static final int MOST_DIGESTS = 4096;

  /** Of how many tasks without assignments one answer tells, and how many digests of them. */
  static final int MOST_NEWS = 500;

  static final int MOST_NEWS_DIGESTS = 4 * MOST_DIGESTS;

  /** How many queued tasks one response names at most, so that it stays far below its bound. */
  static final int MOST_QUEUED = 10_000;

  /** How many pieces of a task one peer is asked to read again in one answer. */
  static final int MOST_TO_VERIFY = 16;

  /**
   * How far beyond the published digests it is remembered that a peer has pieces: all of a file up
   * to 64 GiB. A source that says no length, or a long one, could else make each peer's record of
   * it 128 KiB.
   */
  static final int MOST_AHEAD = 4096;

  /** Questions to all sources that may be in flight: each has a thread. */
  static final int MOST_ASKED = 256;

  /** How many questions wait for their turn at one source host. */
  static final int MOST_WAITING = 10_000;
}
