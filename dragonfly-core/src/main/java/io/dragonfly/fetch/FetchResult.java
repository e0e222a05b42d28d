package io.dragonfly.fetch;

import io.dragonfly.task.Digest;
import io.dragonfly.task.TaskId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** How a fetch ended well. Immutable. */
public final class FetchResult {
  private final TaskId task;
  private final Optional<Path> output;
  private final Optional<Digest> digest;
  private final FetchProgress bytes;
  private final Duration time;
  private final List<ParentShare> parents;

  /**
   * A finished fetch.
   *
   * @param task the version that was fetched
   * @param output where it is
   * @param digest the digest of the whole content, where one was given and has been checked
   * @param bytes where its bytes came from
   * @param time from the request to the end
   * @param parents what each parent gave
   */
  public FetchResult(
      TaskId task,
      Optional<Path> output,
      Optional<Digest> digest,
      FetchProgress bytes,
      Duration time,
      List<ParentShare> parents) {
    this.task = task;
    this.output = output;
    this.digest = digest;
    this.bytes = bytes;
    this.time = time;
    this.parents = List.copyOf(parents);
  }

  /** Returns the version that was fetched. */
  public TaskId task() {
    return task;
  }

  /** Returns the path of the file, if one was asked for. */
  public Optional<Path> output() {
    return output;
  }

  /** Returns the digest of the whole content, where one was given and has been checked. */
  public Optional<Digest> digest() {
    return digest;
  }

  /** Returns the bytes of the content, or of the range that was asked for. */
  public long length() {
    return bytes.bytes();
  }

  /** Returns the bytes that other peers gave. */
  public long bytesFromPeers() {
    return bytes.bytesFromPeers();
  }

  /** Returns the bytes that the supernode gave. */
  public long bytesFromSupernode() {
    return bytes.bytesFromSupernode();
  }

  /** Returns the bytes that this peer read from the source itself. */
  public long bytesFromSource() {
    return bytes.bytesFromSource();
  }

  /** Returns the bytes that were in the home directory already. */
  public long bytesFromStore() {
    return bytes.bytesFromStore();
  }

  /** Returns the time from the request to the end. */
  public Duration time() {
    return time;
  }

  /** Returns how long it was queued in all. */
  public Duration queuedTime() {
    return bytes.queuedTime();
  }

  /** Returns what each parent gave. */
  public List<ParentShare> parents() {
    return parents;
  }

  @Override
  public String toString() {
    return "FetchResult[" + task.brief() + ", " + bytes + "]";
  }
}
