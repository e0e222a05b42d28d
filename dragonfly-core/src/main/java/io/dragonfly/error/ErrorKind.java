package io.dragonfly.error;

/** The kinds of {@link DistributionException}, as they stand in JSON output and on the wire. */
public enum ErrorKind {
  /** The source wants other credentials, or refuses these: {@link AccessRefusedException}. */
  ACCESS_REFUSED,
  /** The source has no such content: {@link ContentNotFoundException}. */
  NOT_FOUND,
  /** The source cannot be reached or does not work: {@link SourceFailedException}. */
  SOURCE_FAILED,
  /** The source's content changed while it was read: {@link SourceChangedException}. */
  SOURCE_CHANGED,
  /** The bytes are not those asked for: {@link DigestMismatchException}. */
  DIGEST_MISMATCH,
  /** The disk is full or would be: {@link NoSpaceException}. */
  NO_SPACE,
  /** Nobody delivers any more: {@link NoProgressException}. */
  NO_PROGRESS,
  /** No supernode answers: {@link SupernodeUnreachableException}. */
  SUPERNODE_UNREACHABLE,
  /** A supernode does not accept a call: {@link CallRefusedException}. */
  CALL_REFUSED,
  /** A supernode is overloaded at the moment: {@link BusyException}. */
  BUSY,
  /** The output path cannot be written: {@link OutputException}. */
  OUTPUT,
  /** The store in the home directory fails: {@link StorageException}. */
  STORAGE,
  /** An address and port cannot be listened on: {@link ListenException}. */
  LISTEN,
  /** The time limit of the request has passed: {@link TimeLimitException}. */
  TIME_LIMIT,
  /** The fetch was interrupted, cancelled or its client closed: {@link FetchCancelledException}. */
  CANCELLED
}
