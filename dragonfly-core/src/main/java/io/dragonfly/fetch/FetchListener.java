package io.dragonfly.fetch;

import io.dragonfly.control.Origin;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.Queued;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.peer.Peer;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * Sees every step of a client's fetches. Override what is of interest. Methods are called on the
 * client's own threads, some of them at once; they must be quick and must not block. What they
 * throw is logged and otherwise ignored. They may close the client; that close does not wait.
 */
public abstract class FetchListener {
  /** A listener that does nothing. */
  public static final FetchListener NONE = new FetchListener() {};

  /** For subclasses. */
  protected FetchListener() {}

  /**
   * The client is open.
   *
   * @param state tells from now on how it is; may block for as long as a look at the store takes.
   *     Safe for concurrent use
   */
  public void opened(Supplier<ClientState> state) {}

  /** The client is about to close: its state is not to be asked for any more. */
  public void closed() {}

  /** A fetch was asked for. */
  public void started(FetchRequest request) {}

  /** It is known which version the fetch gets. */
  public void registered(FetchRequest request, Task task) {}

  /** A piece of a task is verified; {@code nanos} from its request to its last byte. */
  public void pieceTaken(Task task, int piece, Peer parent, long bytes, long nanos) {}

  /** A parent did not give a piece. It will be asked of somebody else. */
  public void pieceFailed(Task task, int piece, Peer parent, Outcome outcome, String reason) {}

  /**
   * A piece is asked of another parent too, or instead, though the first one has not failed: for
   * this reason.
   */
  public void pieceMoved(Task task, int piece, Peer from, Peer to, String reason) {}

  /** A piece was read from the source itself and is kept; {@code nanos} from its first byte on. */
  public void pieceRead(Task task, int piece, long bytes, long nanos) {}

  /**
   * A piece is kept: told once for each, whoever it came from and however many fetches want it. A
   * small content that came with the registration came from the supernode.
   */
  public void received(Task task, Origin origin, long bytes) {}

  /** Bytes of a piece go to another peer. */
  public void given(TaskId task, long bytes) {}

  /**
   * The source failed, for this reason, and will be asked again: by this peer, or by the supernode
   * once it has failed several times there.
   */
  public void sourceRetried(Task task, String reason) {}

  /**
   * Bytes come again, or a fetch has ended, after none came for a while though some were wanted.
   */
  public void stalled(Task task, Duration time) {}

  /**
   * A fetch was queued for this time, and is not any longer, or has ended.
   *
   * @param queued what it waited for in the end
   */
  public void queued(FetchRequest request, Queued queued, Duration time) {}

  /** This peer reads bytes from the source itself, for this reason. */
  public void backToSource(FetchRequest request, String reason) {}

  /** A supernode could not be reached, for this reason. */
  public void supernodeLost(FetchRequest request, String reason) {}

  /** A refusal that matters for security, or a change by hand while the peer runs. */
  public void security(SecurityEvent event) {}

  /** A fetch ended well. */
  public void completed(FetchRequest request, FetchResult result) {}

  /** A fetch failed or was cancelled. */
  public void failed(FetchRequest request, Exception failure) {}
}
