package io.dragonfly.spi;

import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.util.OptionalLong;

/** A request for bytes of a piece. Immutable. */
public final class PieceRequest {
  private final Peer parent;
  private final TaskId task;
  private final ByteRange range;
  private final OptionalLong total;
  private final PeerId child;
  private final InetAddress local;
  private final String capability;

  /**
   * A request for bytes.
   *
   * @param parent the parent
   * @param task the task
   * @param range the bytes, in one piece
   * @param total the length of the whole content, if it is known: an answer that says otherwise is
   *     wrong
   * @param child the peer that downloads
   * @param local the local address: the one that the capability is valid for
   * @param capability permission to download; a secret
   */
  public PieceRequest(
      Peer parent,
      TaskId task,
      ByteRange range,
      OptionalLong total,
      PeerId child,
      InetAddress local,
      String capability) {
    this.parent = parent;
    this.task = task;
    this.range = range;
    this.total = total;
    this.child = child;
    this.local = local;
    this.capability = capability;
  }

  /** Returns the parent. */
  public Peer parent() {
    return parent;
  }

  /** Returns the task. */
  public TaskId task() {
    return task;
  }

  /** Returns the bytes, which lie in one piece. */
  public ByteRange range() {
    return range;
  }

  /** Returns the length of the whole content, if it is known. */
  public OptionalLong total() {
    return total;
  }

  /** Returns the peer that downloads. */
  public PeerId child() {
    return child;
  }

  /** Returns the local address: the one that the capability is valid for. */
  public InetAddress local() {
    return local;
  }

  /** Returns the permission to download; a secret. */
  public String capability() {
    return capability;
  }

  @Override
  public String toString() {
    return range + " of task " + task.brief() + " from " + parent.id().brief();
  }
}
