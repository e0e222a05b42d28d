package io.dragonfly.control;

import io.dragonfly.error.CallRefusedException;
import java.util.concurrent.CompletableFuture;

/**
 * What a peer asks of a supernode. Safe for concurrent use. No method blocks: answers come through
 * futures, which complete on a thread of the supernode or of the transport, so what depends on them
 * must not block either. A failed call completes its future with a {@link
 * io.dragonfly.error.DistributionException}: {@link
 * io.dragonfly.error.SupernodeUnreachableException} if no answer came, {@link
 * io.dragonfly.error.CallRefusedException} if the call is not accepted. Cancelling a future drops
 * the call.
 *
 * <p>Each request but {@link #join} holds the {@link Caller}: a supernode that has just started
 * knows nobody and needs no introduction.
 */
public interface SupernodeApi {
  /**
   * Returns what the supernode is known by: {@link io.dragonfly.peer.PeerSecret#forSupernode} makes
   * the secret from it that this supernode gets. It lasts as long as the supernode's certificate,
   * or is the same for all supernodes of one certificate authority, if that vouches for them. A
   * transport finds it out without telling the supernode anything about the caller, and refuses a
   * call with a secret that was made for another identity, with {@link
   * CallRefusedException#unproven}: the caller then asks again. Empty for a supernode in this
   * process.
   */
  default CompletableFuture<String> identity() {
    return CompletableFuture.completedFuture("");
  }

  /**
   * Has the supernode prove that it has the fleet's join token. In such a fleet a peer makes this
   * call before all others, which then carry its own {@link JoinProof}: so neither its secret nor
   * credentials of a source reach anybody else. A supernode without a token refuses the call.
   */
  default CompletableFuture<JoinResponse> join(JoinRequest request) {
    return CompletableFuture.failedFuture(new CallRefusedException("It has no join token."));
  }

  /**
   * Wants a content. The supernode asks the source with the request's own credentials, so the
   * future may complete with the source's refusal: {@link
   * io.dragonfly.error.AccessRefusedException}, {@link
   * io.dragonfly.error.ContentNotFoundException}, {@link io.dragonfly.error.SourceFailedException}.
   */
  CompletableFuture<RegisterResponse> register(RegisterRequest request);

  /**
   * Tells which tasks the peer holds, without wanting any. Needs a ticket of each, and gives no
   * right to take.
   */
  CompletableFuture<AnnounceResponse> announce(AnnounceRequest request);

  /**
   * Reports results and waits for assignments of all the peer's tasks, until there is something to
   * say or the request's patience ends.
   */
  CompletableFuture<PollResponse> poll(PollRequest request);

  /** Says that the peer gives up one task, or all and itself. */
  CompletableFuture<LeaveResponse> leave(LeaveRequest request);
}
