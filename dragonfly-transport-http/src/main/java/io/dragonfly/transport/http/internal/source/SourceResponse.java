package io.dragonfly.transport.http.internal.source;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.SourceVersion;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import okhttp3.Headers;
import okhttp3.Response;

/**
 * What the status and the headers of a server's answer mean. Each {@code require} method throws the
 * exception that fits if the answer is not the one that is required.
 */
final class SourceResponse {
  static final int OK = 200;
  static final int PARTIAL = 206;
  static final int PRECONDITION_FAILED = 412;
  static final int RANGE_NOT_SATISFIABLE = 416;

  private final ContentRequest content;
  private final String name;
  private final int status;
  private final Headers headers;

  SourceResponse(ContentRequest content, Response response) {
    this.content = content;
    this.name = Failures.place(content, response.request().url());
    this.status = response.code();
    this.headers = response.headers();
  }

  int status() {
    return status;
  }

  /** The whole content, whatever its version. */
  SourceVersion requireWhole() {
    requireStatus(OK);
    requireIdentity();
    return version(bodyLength());
  }

  /** The first byte, or the whole content from a server without ranges. */
  SourceVersion requireFirstByte() {
    if (status == OK) {
      return requireWhole();
    }
    ContentRange given = requirePart();
    if (!given.range().equals(ByteRange.of(0, 1))) {
      throw failed("answered a request for bytes 0-0 with bytes %s".formatted(given.range()));
    }
    return version(given.total());
  }

  private SourceVersion version(OptionalLong length) {
    return new SourceVersion(
        Validators.strong(headers),
        length,
        Validators.hint(headers),
        content.isVariedBeyondKey(Validators.vary(headers)));
  }

  /** The whole content of this version; returns its length, if it is known. */
  OptionalLong requireWholeOf(SourceVersion version) {
    requireNoRefusalOfVersion();
    OptionalLong length = requireWhole().length();
    requireValidator(version, false);
    if (version.length().isPresent() && length.isPresent() && !version.length().equals(length)) {
      throw changedLength(version, length);
    }
    return version.length().isPresent() ? version.length() : length;
  }

  /** This range of this version; returns it, cut where the content ends. */
  ByteRange requirePartOf(SourceVersion version, ByteRange wanted) {
    ContentRange given = requirePart();
    requireValidator(version, version.validator().isPresent());
    if (version.length().isPresent() && !version.length().equals(given.total())) {
      throw changedLength(version, given.total());
    }
    ByteRange due = given.total().isPresent() ? wanted.within(given.total().getAsLong()) : wanted;
    if (!given.range().equals(due)) { // a part of what is open may end anywhere if no total is told
      throw failed(
          "answered a request for bytes %s with bytes %s".formatted(wanted, given.range()));
    }
    return given.range();
  }

  private ContentRange requirePart() {
    requireStatus(PARTIAL);
    requireIdentity();
    String type = headers.get("Content-Type");
    if (type != null && type.toLowerCase(Locale.ROOT).startsWith("multipart/byteranges")) {
      throw failed("answered a request for one range with several");
    }
    String value = headers.get("Content-Range");
    ContentRange given =
        Optional.ofNullable(value)
            .flatMap(ContentRange::parse)
            .orElseThrow(() -> failed("answered 206 without a valid Content-Range"));
    OptionalLong length = bodyLength();
    if (length.isPresent() && length.getAsLong() != given.range().length()) {
      throw failed("announced %d bytes for bytes %s".formatted(length.getAsLong(), given.range()));
    }
    return given;
  }

  /** Returns the Content-Length, unless it is missing or the body's chunks say where it ends. */
  private OptionalLong bodyLength() {
    List<String> values = headers.values("Content-Length");
    if (values.isEmpty() || headers.get("Transfer-Encoding") != null) {
      return OptionalLong.empty();
    }
    String value = values.get(0);
    if (!value.matches("\\d{1,18}") || values.stream().anyMatch(v -> !v.equals(value))) {
      throw failed("sent a Content-Length that makes no sense");
    }
    return OptionalLong.of(Long.parseLong(value));
  }

  // Bytes that were compressed on the way have other digests each time a server compresses anew.
  // Who asks for a coding himself wants the bytes as they come; a digest names the plain ones.
  private void requireIdentity() {
    String coding = headers.get("Content-Encoding");
    if (coding != null
        && !coding.equalsIgnoreCase("identity")
        && !RequestHeaders.choosesCoding(content)) {
      throw failed("sent Content-Encoding %s although identity was asked for".formatted(coding));
    }
  }

  private void requireStatus(int required) {
    if (status == required) {
      return;
    }
    switch (status) {
      case 401, 403 ->
          throw new AccessRefusedException(
              "%s answered %d: give credentials that may read it".formatted(name, status),
              status,
              headers.values("WWW-Authenticate"));
      case 407 ->
          throw new AccessRefusedException(
              "the proxy for %s answered 407: give credentials for the proxy".formatted(name),
              status,
              headers.values("Proxy-Authenticate"));
      case 404, 410 ->
          throw new ContentNotFoundException(
              "%s answered %d: check the URL".formatted(name, status), status);
      case OK, PARTIAL -> throw failed("answered %d where %d is due".formatted(status, required));
      default -> throw failed("answered %d%s".formatted(status, nextStep()));
    }
  }

  private String nextStep() {
    if (status >= 500
        || status == 408
        || status == 425
        || status == 429) { // too slow, early, often
      return ": try again later";
    }
    return status >= 400 ? ": check the URL and the headers" : "";
  }

  private void requireNoRefusalOfVersion() {
    if (status == PRECONDITION_FAILED || status == RANGE_NOT_SATISFIABLE) {
      throw changed("answered %d".formatted(status));
    }
  }

  private void requireValidator(SourceVersion version, boolean silenceIsConsent) {
    version
        .validator()
        .filter(validator -> !Validators.match(validator, headers, silenceIsConsent))
        .ifPresent(
            validator -> {
              String now = Validators.strong(headers).orElse("none");
              throw changed("its validator was %s and is %s".formatted(validator, now));
            });
    Optional<String> hint = Validators.hint(headers);
    if (version.hint().isPresent() && hint.isPresent() && !version.hint().equals(hint)) {
      throw changed("%s became %s".formatted(version.hint().get(), hint.get()));
    }
  }

  private SourceChangedException changedLength(SourceVersion version, OptionalLong now) {
    String length = now.isPresent() ? Long.toString(now.getAsLong()) : "not told";
    return changed("its length was %d and is %s".formatted(version.length().orElseThrow(), length));
  }

  private SourceChangedException changed(String how) {
    return new SourceChangedException(
        "%s changed while it was read (%s): fetch it again".formatted(name, how));
  }

  private SourceFailedException failed(String how) {
    return new SourceFailedException(
        "%s %s".formatted(name, how), status, RetryAfter.of(headers, Instant.now()));
  }
}
