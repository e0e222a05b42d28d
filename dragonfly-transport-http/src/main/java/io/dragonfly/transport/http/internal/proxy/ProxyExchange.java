package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.internal.queue.KeyedBudget;
import io.dragonfly.transport.http.internal.reach.AddressGuard;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Works on one request from its head to the end of its answer. Used by one thread. */
final class ProxyExchange {
  private static final Logger LOG = LoggerFactory.getLogger(ProxyExchange.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int DEEPEST = 10;

  private final ProxyParts parts;
  private final ClientRequest client;
  private final String uri;
  private final RequestOrigin arrival;

  ProxyExchange(ProxyParts parts, ClientRequest client, String uri, RequestOrigin arrival) {
    this.parts = parts;
    this.client = client;
    this.uri = uri;
    this.arrival = arrival;
  }

  /** Answers, or gives the client up. */
  void run() {
    parts.counters().requests.increment();
    try {
      if (arrival.intercepted().isPresent() || !parts.pages().answer(client, uri)) {
        handle();
      }
    } catch (ClientGoneException e) {
      LOG.debug("A client was given up: {}", e.getMessage());
      client.answer().abort();
    } catch (ProxyRefusal e) {
      refused(e);
    } catch (IOException e) {
      failed(e);
    } catch (RuntimeException e) {
      LOG.warn("A request failed in a way that is not foreseen", e);
      refuse(ProxyRefusal.defect());
    }
  }

  private void handle() throws IOException, ProxyRefusal {
    if (parts.plain().isFromHere(client.headers().getAll("Via"))) {
      throw ProxyRefusal.loop("This request");
    }
    Routing.Decision decision =
        parts
            .routing()
            .decide(
                client.method(),
                client.headers(),
                parts.routing().target(uri, client.headers(), arrival));
    Target target = decision.target();
    if (parts.own().contains(target.url().host(), target.url().port())) {
      throw ProxyRefusal.loop(target.origin());
    }
    switch (decision.way()) {
      case BLOCKED ->
          throw ProxyRefusal.forbidden("a rule of this proxy blocks " + target.display());
      // The swarm does not know for whom it reads, and would follow a redirect to this machine.
      case P2P -> parts.contents().deliver(client, target, !target.guarded());
      case DIRECT -> direct(target);
    }
  }

  private void direct(Target target) throws IOException, ProxyRefusal {
    boolean isContent =
        target.mirror().isPresent() && client.method().equals("GET") && target.digest().isPresent();
    if (isContent) {
      parts.contents().deliver(client, target, false);
      return;
    }
    Optional<Semaphore> turns = parts.tokens().turns(target.url());
    if (turns.isPresent()) {
      Tokens.takeTurn(turns.get());
    }
    try {
      ask(target);
    } finally {
      turns.ifPresent(Semaphore::release);
    }
  }

  private void ask(Target target) throws IOException, ProxyRefusal {
    boolean isTagged =
        client.method().equals("GET") && target.mirror().isPresent() && target.isManifestByTag();
    ClientRequest asked = isTagged ? client.withoutCoding() : client;
    boolean follows =
        target.mirror().isPresent() && target.repository().isPresent() && client.isRead();
    try (Response response = parts.plain().ask(asked, target, Optional.empty(), follows)) {
      boolean isAnswered =
          OfflineAnswers.isUnreachable(response)
              && parts.offline().answer(client, target, "it answers " + response.code());
      if (isAnswered) {
        return;
      }
      parts.offline().remember(client, target, response);
      if (isTagged && response.code() != 401) {
        passTagged(target, response);
      } else {
        parts.plain().pass(client, target, response, parts.counters());
      }
    } catch (TaggedManifest.CorruptException e) {
      parts.counters().corruptBodies.increment();
      LOG.warn("{}: {}", target, e.getMessage());
      throw ProxyRefusal.badGateway(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      boolean mayAnswer =
          !(e instanceof ClientGoneException)
              && !client.answer().isBegun()
              && !has(e, DirectCalls.LoopException.class)
              && !has(e, AddressGuard.RefusedException.class);
      if (!mayAnswer || !parts.offline().answer(client, target, e.toString())) {
        throw e;
      }
    }
  }

  /** It is held until the client has it. Without room for it, it is not verified. */
  private void passTagged(Target target, Response response) throws IOException {
    long bytes = TaggedManifest.heldBytes(response);
    if (parts.manifests().take(arrival.place(), bytes) != KeyedBudget.Grant.TAKEN) {
      LOG.warn("{} is not verified: too many manifests are on their way to clients", target);
      parts.plain().pass(client, target, response, parts.counters());
      return;
    }
    try {
      parts.plain().pass(client, target, TaggedManifest.verified(response), parts.counters());
    } finally {
      parts.manifests().giveBack(arrival.place(), bytes);
    }
  }

  private void failed(IOException e) {
    if (has(e, DirectCalls.LoopException.class)) {
      refused(ProxyRefusal.loop("This URL"));
    } else if (has(e, AddressGuard.RefusedException.class)) {
      refused(
          ProxyRefusal.forbidden("this address is not read on behalf of another machine")
              .as(SecurityEvent.Kind.SOURCE_ADDRESS_REFUSED));
    } else {
      LOG.info("{} {}: {}", client.method(), uri.replaceFirst("\\?.*", ""), e.toString());
      refuse(
          has(e, SocketTimeoutException.class)
              ? new ProxyRefusal(
                  HttpResponseStatus.GATEWAY_TIMEOUT,
                  "the source does not answer: it may be stopped")
              : new ProxyRefusal(
                  HttpResponseStatus.BAD_GATEWAY, "the source cannot be read: " + e.getMessage()));
    }
  }

  private void refused(ProxyRefusal refusal) {
    parts.refused(refusal, arrival, client.method() + " " + SecurityEvent.place(uri));
    refuse(refusal);
  }

  private static boolean has(Throwable failure, Class<? extends Throwable> type) {
    @Nullable Throwable at = failure;
    for (int i = 0; at != null && i < DEEPEST; i++) {
      if (type.isInstance(at)) {
        return true;
      }
      at = at.getCause();
    }
    return false;
  }

  /** Says why there is no answer, as registries do; or ends the connection if one has begun. */
  private void refuse(ProxyRefusal refusal) {
    ProxyResponse answer = client.answer();
    if (answer.isBegun()) {
      answer.abort();
      return;
    }
    try {
      answer.whole(refusal.status(), json(), body(refusal));
    } catch (ClientGoneException e) {
      LOG.debug("A client left before it could be refused");
    }
  }

  static HttpHeaders json() {
    HttpHeaders headers = new DefaultHttpHeaders();
    headers.set(HttpHeaderNames.CONTENT_TYPE, "application/json");
    return headers;
  }

  static byte[] body(ProxyRefusal refusal) {
    Object error =
        Map.of(
            "code",
            refusal.status().code() < 500 ? "DENIED" : "UNAVAILABLE",
            "message",
            "dfdaemon: " + refusal.getMessage());
    try {
      return JSON.writeValueAsString(Map.of("errors", List.of(error))).getBytes(UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("plain text did not become JSON", e);
    }
  }
}
