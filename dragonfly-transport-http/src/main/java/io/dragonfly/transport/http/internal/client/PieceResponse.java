package io.dragonfly.transport.http.internal.client;

import io.dragonfly.control.Outcome;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.transport.http.internal.wire.OneLine;
import io.dragonfly.transport.http.internal.wire.PieceWire;
import io.dragonfly.transport.http.internal.wire.Wire;
import io.dragonfly.transport.http.internal.wire.WireException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.List;
import java.util.Optional;

/** Checks the head of a parent's answer against what was asked for. */
final class PieceResponse {
  private static final long MAX_REFUSAL_BYTES = 64 << 10;

  private PieceResponse() {}

  /** Returns why the answer brings no bytes; empty if it brings exactly those asked for. */
  static Optional<PieceDownloadException> refusal(HttpResponse response, PieceRequest request) {
    try {
      if (response.decoderResult().isFailure()) {
        throw new WireException("it is no HTTP");
      }
      if (response.status().equals(HttpResponseStatus.PARTIAL_CONTENT)) {
        check(response, request);
        return Optional.empty();
      }
      return Optional.of(refused(response));
    } catch (WireException e) {
      return Optional.of(
          new PieceDownloadException(
              Outcome.REFUSED, "the parent's answer is wrong: " + e.getMessage(), e));
    }
  }

  /** Tells whether it is a plain refusal, so short that its connection is worth to be kept. */
  static boolean isShortRefusal(HttpResponse response) {
    String length = response.headers().get(HttpHeaderNames.CONTENT_LENGTH, "");
    return response.decoderResult().isSuccess()
        && response.status().code() >= 400
        && length.matches("\\d{1,9}")
        && Long.parseLong(length) <= MAX_REFUSAL_BYTES;
  }

  private static void check(HttpResponse response, PieceRequest request) throws WireException {
    PieceWire.ContentRange got =
        PieceWire.parseContentRange(one(response, HttpHeaderNames.CONTENT_RANGE.toString()));
    if (!got.range().equals(request.range())) {
      throw new WireException("it has bytes %s, not %s".formatted(got.range(), request.range()));
    }
    if (got.total().isPresent()
        && request.total().isPresent()
        && got.total().getAsLong() != request.total().getAsLong()) {
      throw new WireException(
          "it has %d bytes in all, not %d"
              .formatted(got.total().getAsLong(), request.total().getAsLong()));
    }
    String length = one(response, HttpHeaderNames.CONTENT_LENGTH.toString());
    if (!length.equals(Long.toString(request.range().length()))) {
      throw new WireException("its Content-Length is not that of the range");
    }
    if (response.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)
        || response.headers().contains(HttpHeaderNames.CONTENT_ENCODING)) {
      throw new WireException("its body is encoded");
    }
  }

  private static String one(HttpResponse response, String name) throws WireException {
    List<String> values = response.headers().getAll(name);
    if (values.size() != 1) {
      throw new WireException("it has %d headers %s".formatted(values.size(), name));
    }
    return values.get(0);
  }

  private static PieceDownloadException refused(HttpResponse response) {
    Outcome outcome =
        response.status().equals(HttpResponseStatus.SERVICE_UNAVAILABLE)
            ? Outcome.NOT_YET
            : Outcome.REFUSED;
    String reason = OneLine.of(response.headers().get(Wire.REASON, "no reason given"));
    return new PieceDownloadException(
        outcome, "the parent answered %d: %s".formatted(response.status().code(), reason));
  }
}
