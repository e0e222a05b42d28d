package io.dragonfly.transport.http.internal.wire;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.ErrorKind;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.error.ListenException;
import io.dragonfly.error.NoProgressException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.OutputException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.error.StorageException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.error.TimeLimitException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * Exceptions as JSON: kind, message and the details of that kind, so that the other side throws the
 * same. In an answer they stand as {@code {"error": {...}}}. A kind that this version does not know
 * becomes a {@link CallRefusedException} with its message.
 */
public final class FailureJson {
  private static final String RETRY_AFTER = "retryAfterMillis";

  /**
   * The longest time that a busy supernode is waited for, as the longest that one names. A longer
   * one would let a supernode that is broken stop a fetch for hours.
   */
  private static final Duration LONGEST_BUSY = Duration.ofMinutes(1);

  /** That the call lacks a proof of the join token that holds now. */
  private static final String JOIN = "join";

  private FailureJson() {}

  /** Returns an answer that says why a call failed. */
  public static byte[] answer(DistributionException failure) {
    return JsonOut.object(out -> out.object("error", error -> write(error, failure)));
  }

  /** Returns an answer that says in one line why a call failed, without a kind. */
  public static byte[] answer(String message) {
    return JsonOut.object(
        out -> out.object("error", error -> error.text("message", OneLine.of(message))));
  }

  /**
   * Reads why a call failed.
   *
   * @return the exception; empty if the answer does not say its kind, so that its status must do
   */
  public static Optional<DistributionException> readAnswer(byte[] json) throws WireException {
    return Values.checked(
        () -> {
          JsonIn error = JsonIn.parse(json).get("error");
          return error.find("kind").isPresent() ? Optional.of(read(error)) : Optional.empty();
        });
  }

  /** Returns the HTTP status that goes with a failure. */
  public static int status(DistributionException failure) {
    return switch (failure.kind()) {
      case ACCESS_REFUSED, CALL_REFUSED -> 403;
      case NOT_FOUND -> 404;
      case SOURCE_FAILED, SOURCE_CHANGED -> 502;
      case BUSY -> 503;
      default -> 500;
    };
  }

  static void write(JsonOut out, DistributionException failure) throws IOException {
    out.text("kind", failure.kind().name());
    out.text("message", failure.getMessage());
    if (failure instanceof AccessRefusedException refused) {
      out.number("status", refused.status());
      out.texts("challenges", refused.challenges());
    } else if (failure instanceof ContentNotFoundException notFound
        && notFound.status().isPresent()) {
      out.number("status", notFound.status().getAsInt());
    } else if (failure instanceof SourceFailedException failed) {
      if (failed.status().isPresent()) {
        out.number("status", failed.status().getAsInt());
      }
      if (failed.retryAfter().isPresent()) {
        writeRetryAfter(out, failed.retryAfter().get());
      }
    } else if (failure instanceof CallRefusedException refused && refused.joinsAgain()) {
      out.flag(JOIN, true);
    } else if (failure instanceof BusyException busy) {
      writeRetryAfter(out, busy.retryAfter());
    } else if (failure instanceof NoSpaceException full) {
      out.number("neededBytes", full.neededBytes());
      out.number("freeBytes", full.freeBytes());
    }
  }

  private static void writeRetryAfter(JsonOut out, Duration time) throws IOException {
    // A source may say anything; more than the bound would make the whole message invalid.
    out.number(RETRY_AFTER, Math.min(time.toMillis(), Wire.MAX_DURATION.toMillis()));
  }

  static DistributionException read(JsonIn in) throws WireException {
    String message = OneLine.of(in.get("message").text());
    Optional<ErrorKind> kind = Values.named(ErrorKind.class, in.get("kind").text());
    if (kind.isEmpty()) {
      return new CallRefusedException(message);
    }
    return switch (kind.get()) {
      case ACCESS_REFUSED ->
          new AccessRefusedException(
              message,
              in.get("status").integer(),
              in.list("challenges", challenge -> OneLine.of(challenge.text())));
      case NOT_FOUND ->
          in.find("status").isPresent()
              ? new ContentNotFoundException(message, in.get("status").integer())
              : new ContentNotFoundException(message);
      case SOURCE_FAILED -> readSourceFailed(in, message);
      case SOURCE_CHANGED -> new SourceChangedException(message);
      case DIGEST_MISMATCH -> new DigestMismatchException(message);
      case NO_SPACE ->
          new NoSpaceException(
              message, in.get("neededBytes").number(), in.get("freeBytes").number(), null);
      case NO_PROGRESS -> new NoProgressException(message);
      case SUPERNODE_UNREACHABLE -> new SupernodeUnreachableException(message);
      case CALL_REFUSED ->
          in.flag(JOIN)
              ? CallRefusedException.unproven(message)
              : new CallRefusedException(message);
      case BUSY -> new BusyException(message, busyFor(in));
      case OUTPUT -> new OutputException(message);
      case STORAGE -> new StorageException(message);
      case LISTEN -> new ListenException(message, null);
      case TIME_LIMIT -> new TimeLimitException(message);
      case CANCELLED -> new FetchCancelledException(message);
    };
  }

  private static SourceFailedException readSourceFailed(JsonIn in, String message)
      throws WireException {
    return in.find("status").isPresent()
        ? new SourceFailedException(message, in.get("status").integer(), retryAfter(in))
        : new SourceFailedException(message, null);
  }

  private static Duration busyFor(JsonIn in) throws WireException {
    Duration named = retryAfter(in).orElse(BusyException.DEFAULT_RETRY_AFTER);
    return named.compareTo(LONGEST_BUSY) > 0 ? LONGEST_BUSY : named;
  }

  private static Optional<Duration> retryAfter(JsonIn in) throws WireException {
    return in.find(RETRY_AFTER, after -> after.millis(Wire.MAX_DURATION));
  }
}
