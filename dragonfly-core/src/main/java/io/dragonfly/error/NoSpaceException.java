package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/** The disk has not the room for the content and the reserve, or ran full. */
public final class NoSpaceException extends DistributionException {
  private static final long serialVersionUID = 1L;

  private final Resource resource;
  private final long neededBytes;
  private final long freeBytes;

  /** What is used up. */
  public enum Resource {
    /** The bytes of the disk. */
    DISK,
    /** The bytes or files that this user may have on the disk, or the quota of the store itself. */
    QUOTA,
    /** The number of files that the file system can have. */
    INODES,
    /** The length that one file may have, in this file system or by the limit of this process. */
    FILE_SIZE
  }

  /**
   * Says that bytes of the disk are missing.
   *
   * @param neededBytes bytes that were needed, the reserve included
   * @param freeBytes bytes that are free
   */
  public NoSpaceException(
      String message, long neededBytes, long freeBytes, @Nullable Throwable cause) {
    this(Resource.DISK, message, neededBytes, freeBytes, cause);
  }

  /**
   * Says what is missing.
   *
   * @param neededBytes bytes that were needed, the reserve included
   * @param freeBytes bytes that are free; 0 where that is not known
   */
  public NoSpaceException(
      Resource resource,
      String message,
      long neededBytes,
      long freeBytes,
      @Nullable Throwable cause) {
    super(ErrorKind.NO_SPACE, Retry.AFTER_A_CHANGE, message, cause);
    this.resource = resource;
    this.neededBytes = neededBytes;
    this.freeBytes = freeBytes;
  }

  /** Returns what is used up. {@link Resource#DISK} if a supernode says that its disk is full. */
  public Resource resource() {
    return resource;
  }

  /** Returns the bytes that were needed, the reserve included. */
  public long neededBytes() {
    return neededBytes;
  }

  /** Returns the bytes that were free; 0 where that is not known. */
  public long freeBytes() {
    return freeBytes;
  }
}
