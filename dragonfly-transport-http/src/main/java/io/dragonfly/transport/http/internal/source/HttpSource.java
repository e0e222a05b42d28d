package io.dragonfly.transport.http.internal.source;

import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.transport.http.internal.reach.Proxies;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import okhttp3.Response;

/**
 * Reads http and https URLs. Each question is a GET: servers of pre-signed URLs refuse HEAD.
 *
 * <p>A server without support for ranges answers a range with the whole. As long as that is the
 * version that was asked for, what lies before the range is read and dropped. Where the version has
 * no length, a range may reach beyond the end: its stream then ends where the content does.
 */
public final class HttpSource implements Source {
  private final SourceExchanges exchanges;

  /**
   * A source that goes through the proxies that the environment names.
   *
   * @param environment where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are looked up
   */
  public HttpSource(SourceConfig config, Map<String, String> environment) {
    exchanges = new SourceExchanges(config, new Proxies(environment));
  }

  @Override
  public SourceVersion ask(SourceRequest request) throws IOException {
    Optional<SourceVersion> version =
        exchanges.run(request, SourceQuery.OF_FIRST_BYTE, HttpSource::versionByFirstByte);
    if (version.isPresent()) {
      return version.get();
    }
    // An empty content has no first byte: 416. Only an answer with all of it names the version.
    return exchanges.run(request, SourceQuery.OF_WHOLE, HttpSource::versionByWhole);
  }

  @Override
  public SourceContent open(SourceRequest request) throws IOException {
    return exchanges.run(request, SourceQuery.OF_WHOLE, HttpSource::content);
  }

  @Override
  public InputStream open(SourceRequest request, SourceVersion version, ByteRange range)
      throws IOException {
    if (version.length().isPresent()
        && !range.isOpen()
        && range.end() > version.length().getAsLong()) {
      throw new IllegalArgumentException(
          "bytes %s are not in a content of %d".formatted(range, version.length().getAsLong()));
    }
    if (range.isEmpty()) {
      // HTTP has no way to ask for nothing.
      return InputStream.nullInputStream();
    }
    return exchanges.run(
        request,
        SourceQuery.ofRange(version, range),
        (exchange, response) -> part(exchange, response, version, range));
  }

  @Override
  public void close() {
    exchanges.close();
  }

  private static Optional<SourceVersion> versionByFirstByte(
      SourceExchange exchange, Response response) throws IOException {
    SourceResponse answer = new SourceResponse(exchange.content(), response);
    if (answer.status() == SourceResponse.RANGE_NOT_SATISFIABLE) {
      exchange.drop(response);
      return Optional.empty();
    }
    SourceVersion version = answer.requireFirstByte();
    if (answer.status() == SourceResponse.PARTIAL) {
      // To its end, so that the connection can be used again.
      try (InputStream in = exchange.body(response, BodyPlan.all(OptionalLong.of(1)))) {
        in.readAllBytes();
      }
    } else {
      exchange.drop(response);
    }
    return Optional.of(version);
  }

  private static SourceVersion versionByWhole(SourceExchange exchange, Response response) {
    SourceVersion version = new SourceResponse(exchange.content(), response).requireWhole();
    exchange.drop(response);
    return version;
  }

  private static SourceContent content(SourceExchange exchange, Response response) {
    SourceVersion version = new SourceResponse(exchange.content(), response).requireWhole();
    return new SourceContent(version, exchange.body(response, BodyPlan.all(version.length())));
  }

  private static InputStream part(
      SourceExchange exchange, Response response, SourceVersion version, ByteRange range) {
    SourceResponse answer = new SourceResponse(exchange.content(), response);
    if (answer.status() == SourceResponse.PARTIAL) {
      ByteRange given = answer.requirePartOf(version, range);
      return exchange.body(response, BodyPlan.all(OptionalLong.of(given.length())));
    }
    OptionalLong length = answer.requireWholeOf(version);
    return exchange.body(response, BodyPlan.within(length, range));
  }
}
