package io.dragonfly.spi;

import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.util.OptionalLong;

/** Which bytes to take from whom. Immutable. */
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
   * @param parent who gives
   * @param task the task
   * @param range the bytes, in one piece
   * @param total the length of the whole content, if it is known: an answer that says otherwise is
   *     wrong
   * @param child who takes
   * @param local the address to take from: the one that the capability is made for
   * @param capability the right to take; a secret
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

  /** Returns who gives. */
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

  /** Returns who takes. */
  public PeerId child() {
    return child;
  }

  /** Returns the address to take from: the one that the capability is made for. */
  public InetAddress local() {
    return local;
  }

  /** Returns the right to take; a secret. */
  public String capability() {
    return capability;
  }

  @Override
  public String toString() {
    return range + " of task " + task.brief() + " from " + parent.id().brief();
  }
}
