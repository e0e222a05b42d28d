package io.dragonfly.internal.supernode;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.Caller;
import io.dragonfly.control.JoinRequest;
import io.dragonfly.control.JoinResponse;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.cdn.Sources;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.spi.Requester;
import java.net.InetAddress;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A supernode as one caller sees it.
 *
 * @param registrationLimiter bounds how many registrations and offers wait
 * @param gate checks callers
 * @param requester for whom sources are read
 * @param from where peers call from
 * @param security is told of refusals
 */
record CallerView(
    Registrations registrations,
    Announcements offers,
    Swarms swarms,
    RegistrationLimiter registrationLimiter,
    Admission.Gate gate,
    Requester requester,
    InetAddress from,
    Consumer<SecurityEvent> security)
    implements SupernodeApi {
  @Override
  public CompletableFuture<JoinResponse> join(JoinRequest request) {
    try {
      return CompletableFuture.completedFuture(gate.join(request));
    } catch (DistributionException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public CompletableFuture<RegisterResponse> register(RegisterRequest request) {
    return joined(
        request.caller(),
        () -> {
          HostKey here = place(request.caller());
          return registrationLimiter.admit(
              here,
              Registrations.bytes(request),
              () -> registrations.register(request, requester, here));
        },
        request.content().displayUrl());
  }

  @Override
  public CompletableFuture<AnnounceResponse> announce(AnnounceRequest request) {
    return joined(
        request.caller(),
        () -> {
          HostKey here = place(request.caller());
          return request.holdings().isEmpty()
              ? offers.announce(request, here)
              : registrationLimiter.admit(
                  here,
                  Registrations.bytes(request.holdings()),
                  () -> offers.announce(request, here));
        },
        "announce");
  }

  @Override
  public CompletableFuture<PollResponse> poll(PollRequest request) {
    return joined(
        request.caller(),
        () -> swarms.poll(request, place(request.caller()), gate.isProven()),
        "poll");
  }

  @Override
  public CompletableFuture<LeaveResponse> leave(LeaveRequest request) {
    return checked(
        request.caller(),
        () -> {
          swarms.leave(request);
          return CompletableFuture.completedFuture(new LeaveResponse());
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

  private HostKey place(Caller caller) {
    return HostKey.of(from, caller.id());
  }
}
