package io.dragonfly.internal.supernode;

import io.dragonfly.control.Caller;
import io.dragonfly.control.JoinAnswer;
import io.dragonfly.control.JoinRequest;
import io.dragonfly.control.LeaveAnswer;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.NextAnswer;
import io.dragonfly.control.NextRequest;
import io.dragonfly.control.OfferAnswer;
import io.dragonfly.control.OfferRequest;
import io.dragonfly.control.RegisterAnswer;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.queue.Place;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Requester;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A supernode as one caller sees it.
 *
 * @param throng bounds how many registrations and offers wait
 * @param gate checks callers
 * @param requester for whom sources are read
 * @param place where a peer calls from
 */
record CallerView(
    Registrations registrations,
    Offers offers,
    Swarms swarms,
    Throng throng,
    Admission.Gate gate,
    Requester requester,
    Function<PeerId, Place> place)
    implements SupernodeApi {
  @Override
  public CompletableFuture<JoinAnswer> join(JoinRequest request) {
    try {
      return CompletableFuture.completedFuture(gate.join(request));
    } catch (DistributionException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public CompletableFuture<RegisterAnswer> register(RegisterRequest request) {
    return joined(
        request.caller(),
        () -> {
          Place here = place.apply(request.caller().id());
          return throng.admit(
              here,
              Registrations.bytes(request),
              () -> registrations.register(request, requester, here));
        });
  }

  @Override
  public CompletableFuture<OfferAnswer> offer(OfferRequest request) {
    return joined(
        request.caller(),
        () -> {
          Place here = place.apply(request.caller().id());
          return request.holdings().isEmpty()
              ? offers.offer(request, here)
              : throng.admit(
                  here, Registrations.bytes(request.holdings()), () -> offers.offer(request, here));
        });
  }

  @Override
  public CompletableFuture<NextAnswer> next(NextRequest request) {
    return joined(
        request.caller(),
        () -> swarms.next(request, place.apply(request.caller().id()), gate.isProven()));
  }

  @Override
  public CompletableFuture<LeaveAnswer> leave(LeaveRequest request) {
    return checked(
        request.caller(),
        () -> {
          swarms.leave(request);
          return CompletableFuture.completedFuture(new LeaveAnswer());
        });
  }

  /** Who leaves shows its secret, and that is enough: it must be able to with a proof of before. */
  private <T> CompletableFuture<T> joined(Caller caller, Supplier<CompletableFuture<T>> call) {
    return checked(
        caller,
        () -> {
          gate.checkJoined(caller);
          return call.get();
        });
  }

  private <T> CompletableFuture<T> checked(Caller caller, Supplier<CompletableFuture<T>> call) {
    try {
      gate.checkAddress(caller);
      return call.get();
    } catch (DistributionException e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
