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
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.cdn.Sources;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.queue.Place;
import io.dragonfly.spi.Requester;
import java.net.InetAddress;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A supernode as one caller sees it.
 *
 * @param throng bounds how many registrations and offers wait
 * @param gate checks callers
 * @param requester for whom sources are read
 * @param from where peers call from
 * @param security is told of refusals
 */
record CallerView(
    Registrations registrations,
    Offers offers,
    Swarms swarms,
    Throng throng,
    Admission.Gate gate,
    Requester requester,
    InetAddress from,
    Consumer<SecurityEvent> security)
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
          Place here = place(request.caller());
          return throng.admit(
              here,
              Registrations.bytes(request),
              () -> registrations.register(request, requester, here));
        },
        request.content().displayUrl());
  }

  @Override
  public CompletableFuture<OfferAnswer> offer(OfferRequest request) {
    return joined(
        request.caller(),
        () -> {
          Place here = place(request.caller());
          return request.holdings().isEmpty()
              ? offers.offer(request, here)
              : throng.admit(
                  here, Registrations.bytes(request.holdings()), () -> offers.offer(request, here));
        },
        "offer");
  }

  @Override
  public CompletableFuture<NextAnswer> next(NextRequest request) {
    return joined(
        request.caller(),
        () -> swarms.next(request, place(request.caller()), gate.isProven()),
        "next");
  }

  @Override
  public CompletableFuture<LeaveAnswer> leave(LeaveRequest request) {
    return checked(
        request.caller(),
        () -> {
          swarms.leave(request);
          return CompletableFuture.completedFuture(new LeaveAnswer());
        },
        "leave");
  }

  /** Who leaves shows its secret, and that is enough: it must be able to with a proof of before. */
  private <T> CompletableFuture<T> joined(
      Caller caller, Supplier<CompletableFuture<T>> call, String what) {
    return checked(
        caller,
        () -> {
          gate.checkJoined(caller);
          return call.get();
        },
        what);
  }

  private <T> CompletableFuture<T> checked(
      Caller caller, Supplier<CompletableFuture<T>> call, String what) {
    CompletableFuture<T> answer;
    try {
      gate.checkAddress(caller);
      answer = call.get();
    } catch (DistributionException e) {
      tell(caller, e, what);
      return CompletableFuture.failedFuture(e);
    }
    Continuations.whenDone(
        answer,
        (value, failure) -> {
          if (failure != null) {
            tell(caller, failure, what);
          }
        });
    return answer;
  }

  private void tell(Caller caller, Throwable failure, String what) {
    boolean isOfAddress = failure instanceof BusyException busy && busy.isOfAddress();
    if (isOfAddress || Sources.isRefusedPlace(failure)) {
      security.accept(
          SecurityEvent.refused(
              isOfAddress
                  ? SecurityEvent.Kind.BUDGET_EXCEEDED
                  : SecurityEvent.Kind.SOURCE_ADDRESS_REFUSED,
              caller.id().hex(),
              SecurityEvent.text(from),
              what,
              String.valueOf(failure.getMessage())));
    }
  }

  private Place place(Caller caller) {
    return Place.of(from, caller.id());
  }
}
