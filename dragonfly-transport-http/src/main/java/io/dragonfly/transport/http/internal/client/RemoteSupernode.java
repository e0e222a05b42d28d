package io.dragonfly.transport.http.internal.client;

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
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.transport.http.internal.wire.AdminWire;
import io.dragonfly.transport.http.internal.wire.RequestsJson;
import io.dragonfly.transport.http.internal.wire.ResponsesJson;
import io.dragonfly.transport.http.internal.wire.Wire;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;

/** A supernode at an address. Each call is a POST of JSON; none blocks. */
final class RemoteSupernode implements SupernodeApi {
  private static final MediaType JSON = MediaType.get(Wire.JSON);

  private final ControlClient client;
  private final ControlHttp http;
  private final Connecting connecting;
  private final InetSocketAddress address;
  private final CallLimits limits;
  private final HttpUrl base;

  RemoteSupernode(
      ControlClient client,
      ControlHttp http,
      Connecting connecting,
      InetSocketAddress address,
      CallLimits limits) {
    this.client = client;
    this.http = http;
    this.connecting = connecting;
    this.address = address;
    this.limits = limits;
    this.base = http.base();
  }

  /** What the last connection showed; else a request finds out that tells nothing but itself. */
  @Override
  public CompletableFuture<String> identity() {
    String known = http.identity();
    if (!known.isEmpty()) {
      return CompletableFuture.completedFuture(known);
    }
    CompletableFuture<String> asked =
        call(
            request(AdminWire.HEALTH)
                .get()
                .tag(ControlHttp.Binding.class, ControlHttp.Binding.open())
                .build(),
            true,
            answer -> "");
    CompletableFuture<String> result = new CompletableFuture<>();
    Continuations.whenDone(
        asked,
        (answer, failure) -> {
          // Whatever it answers: its certificate shows who it is.
          if (failure != null && http.identity().isEmpty()) {
            result.completeExceptionally(failure);
          } else {
            result.complete(http.identity());
          }
        });
    Continuations.whenDone(
        result,
        (answer, failure) -> {
          if (result.isCancelled()) {
            asked.cancel(true);
          }
        });
    return result;
  }

  @Override
  public CompletableFuture<JoinResponse> join(JoinRequest request) {
    ControlHttp.Binding binding = ControlHttp.Binding.open();
    return call(
        request(Wire.Call.JOIN.path())
            .post(RequestBody.create(RequestsJson.write(request), JSON))
            .tag(ControlHttp.Binding.class, binding)
            .build(),
        true,
        json -> ResponsesJson.readJoin(json).over(binding.shown()));
  }

  @Override
  public CompletableFuture<RegisterResponse> register(RegisterRequest request) {
    return call(
        Wire.Call.REGISTER,
        request.caller(),
        RequestsJson.write(request),
        ResponsesJson::readRegister);
  }

  @Override
  public CompletableFuture<AnnounceResponse> announce(AnnounceRequest request) {
    return call(
        Wire.Call.ANNOUNCE,
        request.caller(),
        RequestsJson.write(request),
        ResponsesJson::readOffer);
  }

  @Override
  public CompletableFuture<PollResponse> poll(PollRequest request) {
    return call(
        Wire.Call.POLL, request.caller(), RequestsJson.write(request), ResponsesJson::readNext);
  }

  @Override
  public CompletableFuture<LeaveResponse> leave(LeaveRequest request) {
    return call(
        Wire.Call.LEAVE, request.caller(), RequestsJson.write(request), ResponsesJson::readLeave);
  }

  private <A> CompletableFuture<A> call(
      Wire.Call call, Caller caller, byte[] json, ControlCall.Reader<A> reader) {
    if (json.length > Wire.MAX_REQUEST_BYTES) {
      return CompletableFuture.failedFuture(
          new CallRefusedException(
              ("a call of %d bytes is longer than the %d that a supernode accepts:"
                      + " report less at once")
                  .formatted(json.length, Wire.MAX_REQUEST_BYTES)));
    }
    return call(
        request(call.path())
            .header(Wire.SECRET, caller.secret().reveal())
            .post(RequestBody.create(json, JSON))
            .tag(ControlHttp.Binding.class, ControlHttp.Binding.to(caller))
            .build(),
        call != Wire.Call.REGISTER,
        reader);
  }

  private Request.Builder request(String path) {
    return new Request.Builder()
        .url(base.newBuilder().encodedPath(path).build())
        .header("Accept-Encoding", "identity");
  }

  private <A> CompletableFuture<A> call(
      Request request, boolean isUrgent, ControlCall.Reader<A> reader) {
    okhttp3.Call started;
    try {
      started = http.current().newCall(request);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(
          new CallRefusedException(
              "supernode %s cannot be called: %s"
                  .formatted(address.getHostString(), e.getMessage())));
    }
    return new ControlCall<>(started, address, limits.call(), client::isClosed, reader)
        .start(connecting, isUrgent);
  }
}
