package io.dragonfly.control;

import io.dragonfly.error.CallRefusedException;
import java.util.concurrent.CompletableFuture;

/**
 * The requests of a peer to a supernode. Thread-safe. No method blocks. Futures complete on a
 * thread of the supernode or of the transport, so their dependent actions must not block either. A
 * failed request completes its future with a {@link io.dragonfly.error.DistributionException}:
 * {@link io.dragonfly.error.SupernodeUnreachableException} if no response arrived, {@link
 * io.dragonfly.error.CallRefusedException} if the request was refused. Cancelling a future cancels
 * the request.
 *
 * <p>Each request except {@link #join} contains the {@link Caller}, so a supernode that has just
 * started can answer it.
 */
public interface SupernodeApi {
  /**
   * Returns the identity from which {@link io.dragonfly.peer.PeerSecret#forSupernode} derives this
   * supernode's secret of a peer. It is the same as long as the supernode's certificate is, or for
   * all supernodes whose certificates are issued by one authority. A transport finds it out without
   * sending anything about the caller. If a secret was derived for another identity, it refuses the
   * request with {@link CallRefusedException#unproven}; the caller then calls this method again.
   * Empty for a supernode in this process.
   */
  default CompletableFuture<String> identity() {
    return CompletableFuture.completedFuture("");
  }

  /**
   * Lets the supernode prove that it has the join token. With a join token a peer sends this
   * request before all others, which then contain its own {@link JoinProof}. So neither its secret
   * nor credentials for a source reach anyone else. A supernode without a join token refuses the
   * request.
   */
  default CompletableFuture<JoinResponse> join(JoinRequest request) {
    return CompletableFuture.failedFuture(new CallRefusedException("It has no join token."));
  }

  /**
   * Registers for a file. The supernode asks the source with the credentials of the request, so the
   * future may fail as the source refuses: {@link io.dragonfly.error.AccessRefusedException},
   * {@link io.dragonfly.error.ContentNotFoundException}, {@link
   * io.dragonfly.error.SourceFailedException}.
   */
  CompletableFuture<RegisterResponse> register(RegisterRequest request);

  /**
   * Announces the tasks that the peer has. It needs a ticket for each, and does not permit to
   * download.
   */
  CompletableFuture<AnnounceResponse> announce(AnnounceRequest request);

  /**
   * Reports results, and waits for news of all tasks of the peer, up to the patience of the
   * request.
   */
  CompletableFuture<PollResponse> poll(PollRequest request);

  /** Leaves one task, or all. */
  CompletableFuture<LeaveResponse> leave(LeaveRequest request);
}
