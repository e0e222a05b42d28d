package io.dragonfly.transport.http.internal.client;

import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.DistributionException.Retry;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.transport.http.internal.tls.UntrustedException;
import io.dragonfly.transport.http.internal.wire.FailureJson;
import io.dragonfly.transport.http.internal.wire.OneLine;
import io.dragonfly.transport.http.internal.wire.Wire;
import io.dragonfly.transport.http.internal.wire.WireException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLException;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** One call to a supernode, and what its answer means. */
final class ControlCall<A> implements Callback {
  private final Call call;
  private final InetSocketAddress supernode;
  private final Duration limit;
  private final BooleanSupplier closed;
  private final Reader<A> reader;
  private final CompletableFuture<A> answer = new CompletableFuture<>();
  private volatile Runnable onOtherCertificate = () -> {};

  /** Reads the JSON of an answer. */
  interface Reader<A> {
    A read(byte[] json) throws WireException;
  }

  ControlCall(
      Call call,
      InetSocketAddress supernode,
      Duration limit,
      BooleanSupplier closed,
      Reader<A> reader) {
    this.call = call;
    this.supernode = supernode;
    this.limit = limit;
    this.closed = closed;
    this.reader = reader;
  }

  /**
   * Begins it once there is a connection for it.
   *
   * @param isUrgent whether it goes before calls that are not
   */
  CompletableFuture<A> start(Connecting connecting, boolean isUrgent) {
    if (closed.getAsBoolean()) {
      answer.completeExceptionally(unreachable("this transport is closed", null));
      return answer;
    }
    onOtherCertificate = connecting.pool()::evictAll;
    call.timeout().timeout(limit.toNanos(), TimeUnit.NANOSECONDS);
    Runnable enqueue = this::enqueue;
    Continuations.whenDone(
        answer,
        (a, failure) -> {
          if (answer.isCancelled()) {
            connecting.forget(enqueue);
            call.cancel();
          }
        });
    connecting.begin(enqueue, isUrgent);
    return answer;
  }

  private void enqueue() {
    try {
      call.enqueue(this);
    } catch (RuntimeException | Error e) {
      answer.completeExceptionally(unreachable("the call could not begin: " + e, e));
      throw e;
    }
  }

  @Override
  public void onFailure(Call failed, IOException e) {
    Optional<String> untrusted = UntrustedException.reason(e);
    if (e instanceof ControlHttp.OtherCertificateException) {
      // Connections from before a new certificate must not be what the next proof is about.
      onOtherCertificate.run();
      answer.completeExceptionally(CallRefusedException.unproven(String.valueOf(e.getMessage())));
    } else if (untrusted.isPresent()) {
      String message = "Supernode %s is not trusted: %s.";
      answer.completeExceptionally(
          new SupernodeUnreachableException(
              message.formatted(name(), OneLine.of(untrusted.get())), e, Retry.AFTER_A_CHANGE));
    } else {
      answer.completeExceptionally(unreachable(reason(e), e));
    }
  }

  @Override
  public void onResponse(Call answered, Response response) {
    try (response) {
      byte[] json = body(response);
      if (response.code() == 200) {
        answer.complete(reader.read(json));
      } else {
        answer.completeExceptionally(refusal(response, json));
      }
    } catch (IOException e) {
      answer.completeExceptionally(unreachable(reason(e), e));
    } catch (WireException e) {
      answer.completeExceptionally(
          unreachable("its answer is not understood: " + e.getMessage(), e));
    } catch (RuntimeException e) {
      answer.completeExceptionally(unreachable("its answer is not understood", e));
    }
  }

  private static byte[] body(Response response) throws IOException, WireException {
    byte[] json = response.body().byteStream().readNBytes(Wire.MAX_ANSWER_BYTES + 1);
    if (json.length > Wire.MAX_ANSWER_BYTES) {
      throw new WireException("it is longer than %d bytes".formatted(Wire.MAX_ANSWER_BYTES));
    }
    return json;
  }

  /** Who gives neither a typed failure nor a reason is no supernode, and another may be one. */
  private DistributionException refusal(Response response, byte[] json) {
    String message = "it answered " + response.code();
    try {
      Optional<DistributionException> typed = FailureJson.readAnswer(json);
      if (typed.isPresent()) {
        return typed.get();
      }
    } catch (WireException e) {
      message += ", and not as a supernode does";
    }
    String reason = Objects.requireNonNullElse(response.header(Wire.REASON), "");
    if (!reason.isEmpty()) {
      message += ": " + OneLine.of(reason);
    }
    if (response.code() >= 500) {
      return unreachable(message, Retry.LATER, null);
    }
    return reason.isEmpty()
        ? unreachable(message, Retry.AFTER_A_CHANGE, null)
        : new CallRefusedException("%s does not accept the call: %s".formatted(name(), message));
  }

  private SupernodeUnreachableException unreachable(String why, @Nullable Throwable cause) {
    return unreachable(
        why, UntrustedException.isCauseOf(cause) ? Retry.AFTER_A_CHANGE : Retry.LATER, cause);
  }

  private SupernodeUnreachableException unreachable(
      String why, Retry retry, @Nullable Throwable cause) {
    return new SupernodeUnreachableException(
        "Supernode %s cannot be reached: %s. Check its address and that it runs, or fetch with the pattern source, which needs none."
            .formatted(name(), why),
        cause,
        retry);
  }

  private String reason(IOException e) {
    if (closed.getAsBoolean()) {
      return "this transport was closed";
    } else if (e instanceof ConnectException) {
      return "nothing listens there, or the network refuses";
    } else if (e instanceof UnknownHostException) {
      return "its name is not known";
    } else if (e instanceof InterruptedIOException) {
      return "no answer in time";
    } else if (e instanceof SSLException) {
      return "TLS fails, " + OneLine.of(String.valueOf(e.getMessage()));
    }
    return OneLine.of(String.valueOf(e.getMessage()));
  }

  private String name() {
    String host = supernode.getHostString();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + supernode.getPort();
  }
}
