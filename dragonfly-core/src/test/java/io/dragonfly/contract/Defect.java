package io.dragonfly.contract;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.Caller;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.LeaveResponse;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceService;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.Transport;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** What a {@link BrokenTransport} does wrong. Each constant overrides what is right. */
enum Defect {
  NONE,
  LOSES_A_BYTE("takesExactlyTheBytesAskedFor") {
    @Override
    void received(PieceSink sink, ByteBuffer data) {
      sink.received(data.position(data.position() + 1));
    }
  },
  FORGETS_THE_CAPABILITY("tellsTheServiceWhoAsksForWhat") {
    @Override
    CompletableFuture<PieceService.Given> give(PieceService pieces, PieceService.Ask ask) {
      return pieces.give(
          new PieceService.Ask(ask.task(), ask.range(), ask.child(), ask.from(), ""));
    }
  },
  NEEDS_THE_TOTAL("takesFromAContentWhoseLengthNobodyKnowsYet") {
    @Override
    PieceRequest request(PieceRequest request) {
      return withTotal(request, OptionalLong.of(request.total().orElse(1)));
    }

    @Override
    CompletableFuture<PieceService.Given> give(PieceService pieces, PieceService.Ask ask) {
      return pieces
          .give(ask)
          .thenApply(g -> new PieceService.Given(g.region(), OptionalLong.of(g.total().orElse(0))));
    }
  },
  BELIEVES_ANY_TOTAL("aParentWithAnotherTotalLengthIsRefused") {
    @Override
    PieceRequest request(PieceRequest request) {
      return withTotal(request, OptionalLong.empty());
    }
  },
  BELIEVES_ANY_RANGE("aParentThatGivesAnotherRangeIsRefused") {
    @Override
    CompletableFuture<PieceService.Given> give(PieceService pieces, PieceService.Ask ask) {
      return pieces.give(ask).thenApply(g -> cut(g, ask.range().length()));
    }
  },
  CALLS_ALL_UNREACHABLE("saysThatTheParentRefused", "aParentThatFailsHasRefused") {
    @Override
    void failed(PieceSink sink, PieceDownloadException failure) {
      sink.failed(new PieceDownloadException(Outcome.UNREACHABLE, failure.getMessage()));
    }
  },
  CALLS_ALL_REFUSED(
      "saysThatTheParentAsksToComeLater",
      "saysThatNobodyListens",
      "aClosedTransportEndsItsServers") {
    @Override
    void failed(PieceSink sink, PieceDownloadException failure) {
      sink.failed(new PieceDownloadException(Outcome.REFUSED, failure.getMessage()));
    }
  },
  SERVES_FOR_EVER(
      "aClosedServerEndsTheTakesThatWait",
      "aClosedServerEndsTheTakesInTheMiddle",
      "aClosedServersAddressIsFree",
      "aClosedServerEndsTheCallsThatWait",
      "anUnreachableSupernodeIsNamed") {
    @Override
    void close(Transport.Server server) {}
  },
  WAITS_FOR_NOTHING("waitsForAPieceThatIsNotThereYet") {
    @Override
    CompletableFuture<PieceService.Given> give(PieceService pieces, PieceService.Ask ask) {
      CompletableFuture<PieceService.Given> given = pieces.give(ask);
      given.completeExceptionally(new PieceDownloadException(Outcome.NOT_YET, "not there"));
      return given;
    }
  },
  FORGETS_TAKES("manyTakesFromOneParentAllComplete") {
    private int started;

    @Override
    Transport.Take take(Transport transport, PieceRequest request, PieceSink sink) {
      return started++ < 8 ? transport.take(request, sink) : new NoTake();
    }
  },
  KEEPS_REGIONS("closesEachRegion") {
    @Override
    CompletableFuture<PieceService.Given> give(PieceService pieces, PieceService.Ask ask) {
      return pieces.give(ask).thenApply(g -> unclosed(g, ask.range().length()));
    }
  },
  CALLS_IN_PLACE("callsTheSinkOnAThreadOfItsOwn") {
    @Override
    Transport.Take take(Transport transport, PieceRequest request, PieceSink sink) {
      sink.received(ByteBuffer.allocate((int) request.range().length()));
      sink.completed();
      return new NoTake();
    }
  },
  NEVER_PAUSES("aPausedTakeGetsFewBytesMore") {
    @Override
    void pause(Transport.Take take) {}
  },
  NEVER_RESUMES("aResumedTakeGoesOnWhereItStopped") {
    @Override
    void resume(Transport.Take take) {}
  },
  NEVER_CANCELS(
      "aTakeCancelledInTheMiddleGetsNothingMore", "aTakeCancelledWhileItWaitsGivesUpItsPlace") {
    @Override
    void cancel(Transport.Take take) {}
  },
  HAS_NO_LIMIT("sendsNoFasterThanTheLimiterLets") {
    @Override
    long limit(long nanos) {
      return 0;
    }
  },
  BINDS_ANYWHERE("anAddressInUseCannotBeBound") {
    @Override
    boolean bindsElsewhere() {
      return true;
    }
  },
  NEVER_CLOSES(
      "aClosedTransportEndsItsTakes",
      "aClosedTransportDoesNothingMore",
      "aClosedTransportLeavesNoThread",
      "aClosedTransportEndsItsCalls") {
    @Override
    void close(Transport transport) {}
  },
  LOSES_THE_TICKET("carriesRegistrations") {
    @Override
    CompletableFuture<RegisterResponse> register(SupernodeApi api, RegisterRequest request) {
      return api.register(
          new RegisterRequest(
              request.caller(),
              request.content(),
              request.range(),
              Optional.empty(),
              request.holdings()));
    }
  },
  LOSES_THE_PROOF("carriesProofsOfAJoinToken") {
    @Override
    CompletableFuture<AnnounceResponse> announce(SupernodeApi api, AnnounceRequest request) {
      Caller caller = request.caller();
      return api.announce(
          new AnnounceRequest(
              new Caller(caller.secret(), caller.address(), caller.zone()), request.holdings()));
    }
  },
  LOSES_OFFERS("carriesOffers") {
    @Override
    CompletableFuture<AnnounceResponse> announce(SupernodeApi api, AnnounceRequest request) {
      return api.announce(new AnnounceRequest(request.caller(), List.of()));
    }
  },
  LOSES_ASSIGNMENTS("carriesReportsAndAssignments") {
    @Override
    CompletableFuture<PollResponse> poll(SupernodeApi api, PollRequest request) {
      return api.poll(request).thenApply(a -> new PollResponse(a.number(), List.of(), a.terms()));
    }
  },
  LOSES_THE_TASK("carriesLeaves") {
    @Override
    CompletableFuture<LeaveResponse> leave(SupernodeApi api, LeaveRequest request) {
      return api.leave(new LeaveRequest(request.caller(), Optional.empty()));
    }
  },
  FORGETS_DETAILS("carriesEachFailureWithItsDetails") {
    @Override
    <A> CompletableFuture<A> called(Supplier<CompletableFuture<A>> call) {
      return failingWith(call.get(), new CallRefusedException("something went wrong"));
    }
  },
  FORGETS_WHY("carriesTheFailureOfATask") {
    @Override
    CompletableFuture<PollResponse> poll(SupernodeApi api, PollRequest request) {
      return api.poll(request)
          .thenApply(
              a ->
                  new PollResponse(
                      a.number(),
                      a.updates().stream().map(u -> TaskUpdate.unknown(u.task())).toList(),
                      a.terms()));
    }
  },
  MISTAKES_THE_CALLER("tellsTheSupernodeWhereACallComesFrom") {
    @Override
    InetAddress from(InetAddress address) {
      try {
        return InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
      } catch (UnknownHostException e) {
        throw new AssertionError(e);
      }
    }
  },
  CALLS_ONE_AFTER_THE_OTHER("aLongPollWaitsWhileOtherCallsPass") {
    private CompletableFuture<?> last = CompletableFuture.completedFuture("");

    @Override
    <A> CompletableFuture<A> called(Supplier<CompletableFuture<A>> call) {
      CompletableFuture<A> next = last.handle((a, e) -> "").thenCompose(x -> call.get());
      last = next;
      return next;
    }
  },
  DROPS_NO_CALL("aCancelledCallIsCancelledAtTheSupernode") {
    @Override
    <A> CompletableFuture<A> called(Supplier<CompletableFuture<A>> call) {
      return call.get().thenApply(a -> a); // cancelling a copy cancels nothing
    }
  },
  FAILS_ODDLY("whoIsNoSupernodeRefusesCalls", "aBrokenSupernodeCountsAsUnreachable") {
    @Override
    <A> CompletableFuture<A> called(Supplier<CompletableFuture<A>> call) {
      return failingWith(call.get(), new IllegalStateException("odd"));
    }
  };

  private final List<String> foundBy;

  Defect(String... foundBy) {
    this.foundBy = List.of(foundBy);
  }

  /** Returns the contract's methods that must fail because of this defect. */
  List<String> foundBy() {
    return foundBy;
  }

  PieceRequest request(PieceRequest request) {
    return request;
  }

  Transport.Take take(Transport transport, PieceRequest request, PieceSink sink) {
    return transport.take(request, sink);
  }

  void received(PieceSink sink, ByteBuffer data) {
    sink.received(data);
  }

  void failed(PieceSink sink, PieceDownloadException failure) {
    sink.failed(failure);
  }

  void pause(Transport.Take take) {
    take.pause();
  }

  void resume(Transport.Take take) {
    take.resume();
  }

  void cancel(Transport.Take take) {
    take.cancel();
  }

  CompletableFuture<PieceService.Given> give(PieceService pieces, PieceService.Ask ask) {
    return pieces.give(ask);
  }

  long limit(long nanos) {
    return nanos;
  }

  InetAddress from(InetAddress address) {
    return address;
  }

  boolean bindsElsewhere() {
    return false;
  }

  void close(Transport.Server server) {
    server.close();
  }

  void close(Transport transport) {
    transport.close();
  }

  <A> CompletableFuture<A> called(Supplier<CompletableFuture<A>> call) {
    return call.get();
  }

  CompletableFuture<RegisterResponse> register(SupernodeApi api, RegisterRequest request) {
    return api.register(request);
  }

  CompletableFuture<AnnounceResponse> announce(SupernodeApi api, AnnounceRequest request) {
    return api.announce(request);
  }

  CompletableFuture<PollResponse> poll(SupernodeApi api, PollRequest request) {
    return api.poll(request);
  }

  CompletableFuture<LeaveResponse> leave(SupernodeApi api, LeaveRequest request) {
    return api.leave(request);
  }

  private static PieceRequest withTotal(PieceRequest request, OptionalLong total) {
    return new PieceRequest(
        request.parent(),
        request.task(),
        request.range(),
        total,
        request.child(),
        request.local(),
        request.capability());
  }

  private static PieceService.Given cut(PieceService.Given given, long length) {
    PieceRegion region = given.region();
    return new PieceService.Given(
        new PieceRegion(region.channel(), region.position(), length, region::close), given.total());
  }

  private static PieceService.Given unclosed(PieceService.Given given, long length) {
    PieceRegion region = given.region();
    return new PieceService.Given(
        new PieceRegion(region.channel(), region.position(), length, () -> {}), given.total());
  }

  private static <A> CompletableFuture<A> failingWith(
      CompletableFuture<A> call, RuntimeException failure) {
    CompletableFuture<A> other = new CompletableFuture<>();
    call.whenComplete(
        (answer, cause) -> {
          if (cause == null) {
            other.complete(answer);
          } else {
            other.completeExceptionally(failure);
          }
        });
    return other;
  }

  /** A take that nothing comes of. */
  private static final class NoTake implements Transport.Take {
    @Override
    public void pause() {}

    @Override
    public void resume() {}

    @Override
    public void cancel() {}
  }
}
