package io.dragonfly.transport.http.internal.server;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.spi.CallOrigin;
import io.dragonfly.task.TaskId;
import io.dragonfly.transport.http.internal.tls.Role;
import io.dragonfly.transport.http.internal.tls.ServerTls;
import io.dragonfly.transport.http.internal.tls.UntrustedException;
import io.dragonfly.transport.http.internal.wire.FailureJson;
import io.dragonfly.transport.http.internal.wire.OneLine;
import io.dragonfly.transport.http.internal.wire.PieceWire;
import io.dragonfly.transport.http.internal.wire.Wire;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection. It looks at one request at a time: IDLE until the first byte of a
 * request, RECEIVING until its last, WORKING until the answer is sent, and IDLE again; or CLOSING,
 * when it only waits for the client to read why. Requests that are sent ahead wait in line, and
 * then nothing more is read. Confined to its event loop.
 */
final class ServerConnection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(ServerConnection.class);

  private final Serving serving;
  private final SocketChannel channel;
  private final boolean hasTls;
  private final Deque<Object> waiting = new ArrayDeque<>();
  private final Future<?> watch;
  private InetAddress client;
  private Serving.Entry entry;
  private State state = State.IDLE;
  private @Nullable ServerExchange exchange;
  private @Nullable CallOrigin origin;
  private boolean keepAlive = true;
  private boolean answering;
  private boolean begun;
  private boolean draining;
  private @Nullable ServerTls tls;
  private @Nullable SSLEngine engine;
  private Optional<Set<Role>> roles = Optional.empty();
  private boolean refused;
  private boolean givesNothing;

  /** Method and path of the last request. */
  private String asked = "";

  private long since;
  private long lastProgress;

  private enum State {
    IDLE,
    RECEIVING,
    WORKING,
    CLOSING
  }

  /**
   * A new connection.
   *
   * @param client where it comes from, as long as no trusted proxy says otherwise
   * @param entry whether it is served, or only told that there are too many
   * @param hasTls whether the server speaks TLS to whoever wants it
   */
  ServerConnection(
      Serving serving,
      SocketChannel channel,
      InetAddress client,
      Serving.Entry entry,
      boolean hasTls) {
    this.serving = serving;
    this.channel = channel;
    this.client = client;
    this.entry = entry;
    this.hasTls = hasTls;
    this.since = serving.activeNanos();
    long every = serving.limits().checkEvery().toNanos();
    this.watch =
        channel.eventLoop().scheduleWithFixedDelay(this::check, every, every, TimeUnit.NANOSECONDS);
  }

  SocketChannel channel() {
    return channel;
  }

  InetAddress client() {
    return client;
  }

  Serving.Entry entry() {
    return entry;
  }

  /** A trusted proxy says for whom it has connected. */
  void comesFrom(InetAddress named, Serving.Entry as) {
    client = named;
    entry = as;
  }

  /** Returns where calls on this connection come from. */
  CallOrigin origin() {
    CallOrigin known = origin;
    if (known == null) {
      known = Origins.of(channel, client);
      origin = known;
    }
    return known;
  }

  /** The client speaks TLS, and its handshake begins. The wait for that is no fault of its own. */
  void isProtected(ServerTls by, SSLEngine with) {
    enter(State.RECEIVING);
    tls = by;
    engine = with;
  }

  /**
   * The client does not speak TLS.
   *
   * @param to what it could have spoken
   */
  void isPlain(ServerTls to) {
    refused = to.isRequired();
    givesNothing = to.protectsPieces();
  }

  /** Tells whether bytes are encrypted here, so that they cannot go from file to socket. */
  boolean encrypts() {
    return tls != null;
  }

  /** Returns what the client may do by its certificate; empty if it need not show one. */
  Optional<Set<Role>> roles() {
    return roles;
  }

  /**
   * Checks that the client may make a request.
   *
   * @throws ServerRefusal if all clients show certificates, and its own has none of these roles
   */
  void require(Role... any) throws ServerRefusal {
    if (roles.isPresent() && Arrays.stream(any).noneMatch(roles.get()::contains)) {
      String units = Arrays.stream(any).map(Role::unit).collect(Collectors.joining(" or OU="));
      throw new ServerRefusal(
              HttpResponseStatus.FORBIDDEN,
              "your certificate is not one for this: it takes one with OU=" + units)
          .as(SecurityEvent.Kind.CERTIFICATE_REFUSED);
    }
  }

  /**
   * Tells whether a call with secrets is taken here: over TLS. A server without any takes them from
   * this machine; no supernode is one.
   */
  boolean takesSecrets() {
    return encrypts() || (!hasTls && client.isLoopbackAddress());
  }

  /** Bytes came, of whatever. Called before they are decoded. */
  void bytesCame() {
    begun = true;
    if (state == State.IDLE) {
      enter(State.RECEIVING);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (state == State.CLOSING) {
      ReferenceCountUtil.release(message);
    } else if (state == State.WORKING) {
      waiting.add(message);
      channel.config().setAutoRead(false);
    } else {
      accept(message);
    }
  }

  private void accept(Object message) {
    try {
      if (message instanceof HttpRequest request) {
        begin(request);
      }
      if (message instanceof HttpContent content && exchange != null) {
        exchange.content(content.content());
      }
      if (message instanceof LastHttpContent && exchange != null && state != State.CLOSING) {
        begun = false;
        enter(State.WORKING);
        exchange.requested();
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void begin(HttpRequest request) {
    asked = request.method() + " " + SecurityEvent.place(request.uri());
    try {
      RequestHead.check(request);
      if (entry == Serving.Entry.TOLD) {
        throw Serving.busy(
                "there are too many connections, in all or from %s: come back later"
                    .formatted(client().getHostAddress()))
            .as(SecurityEvent.Kind.BUDGET_EXCEEDED);
      }
      if (refused && !MonitorExchange.isOpen(request.uri())) {
        throw new ServerRefusal(
                HttpResponseStatus.FORBIDDEN,
                "this port speaks TLS alone: set tlsCert, tlsKey and tlsCa, as all others here do")
            .as(SecurityEvent.Kind.CERTIFICATE_REFUSED);
      }
      checkCertificate();
      keepAlive = HttpUtil.isKeepAlive(request);
      exchange = route(request);
      if (HttpUtil.is100ContinueExpected(request)) {
        var unused =
            channel.writeAndFlush(
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
      }
    } catch (ServerRefusal refusal) {
      refuse(refusal);
    }
  }

  /** A certificate may have been revoked since the connection was made. */
  private void checkCertificate() throws ServerRefusal {
    if (tls == null || engine == null) {
      return;
    }
    try {
      roles = tls.roles(engine.getSession());
    } catch (UntrustedException | IOException e) {
      throw new ServerRefusal(
              HttpResponseStatus.FORBIDDEN, OneLine.of(String.valueOf(e.getMessage())))
          .as(SecurityEvent.Kind.CERTIFICATE_REFUSED);
    }
  }

  private ServerExchange route(HttpRequest request) throws ServerRefusal {
    String path = request.uri();
    for (Wire.Call call : Wire.Call.values()) {
      if (call.path().equals(path)) {
        return new ControlExchange(this, serving, call, request);
      }
    }
    Optional<TaskId> task = PieceWire.task(path);
    if (task.isPresent() && givesNothing) {
      throw new ServerRefusal(
          HttpResponseStatus.FORBIDDEN,
          "pieces are given over TLS alone here, as to all who have the join token: take them so,"
              + " or start this parent with --plain-pieces (plainPieces)");
    }
    if (task.isPresent()) {
      return new PieceExchange(this, serving, task.get(), request);
    }
    Optional<ServerExchange> admin = OperatorExchange.of(this, serving, request);
    if (admin.isPresent()) {
      return admin.get();
    }
    Optional<ServerExchange> monitor = MonitorExchange.of(this, serving, request);
    if (monitor.isPresent()) {
      return monitor.get();
    }
    throw new ServerRefusal(HttpResponseStatus.NOT_FOUND, "there is nothing at this path");
  }

  /** Says why a request is not served, and ends the connection: its body may still be coming. */
  void refuse(ServerRefusal refusal) {
    refusal.event().ifPresent(kind -> tellRefused(kind, refusal.getMessage()));
    keepAlive = false;
    refuse(refusal.status(), refusal.getMessage(), refusal.headers());
    if (state != State.CLOSING) {
      enter(State.CLOSING);
    }
  }

  private void tellRefused(SecurityEvent.Kind kind, String why) {
    tell(SecurityEvent.refused(kind, certificate(), SecurityEvent.text(client), asked, why));
  }

  /** Tells of a security event on this connection. */
  void tell(SecurityEvent event) {
    serving.request().security().accept(event);
  }

  /** Returns method and path of the request, without anything secret. */
  String asked() {
    return asked;
  }

  /** Returns the subject of the client's certificate; empty if it has shown none. */
  String certificate() {
    return engine == null ? "" : Origins.subject(engine.getSession());
  }

  /** Says in one line why a request failed. */
  void refuse(HttpResponseStatus status, String message) {
    refuse(status, message, EmptyHttpHeaders.INSTANCE);
  }

  private void refuse(HttpResponseStatus status, String message, HttpHeaders more) {
    if (status.equals(HttpResponseStatus.SERVICE_UNAVAILABLE)) {
      answer(new BusyException(message), more);
    } else {
      answer(response(status, FailureJson.answer(message)), message, more);
    }
  }

  /** Says why a call failed, so that the client can throw the same. */
  void answer(DistributionException failure) {
    answer(failure, EmptyHttpHeaders.INSTANCE);
  }

  private void answer(DistributionException failure, HttpHeaders more) {
    HttpResponseStatus status = HttpResponseStatus.valueOf(FailureJson.status(failure));
    FullHttpResponse response = response(status, FailureJson.answer(failure));
    if (failure instanceof BusyException busy) {
      long seconds = Math.max(1, busy.retryAfter().toSeconds());
      response.headers().set(HttpHeaderNames.RETRY_AFTER, seconds);
    }
    answer(response, failure.getMessage(), more);
  }

  private void answer(FullHttpResponse response, String reason, HttpHeaders more) {
    response.headers().add(more);
    response.headers().set(Wire.REASON, OneLine.ofHeader(reason));
    answer(response);
  }

  /** Answers with JSON. */
  void answer(HttpResponseStatus status, byte[] json) {
    answer(response(status, json));
  }

  /** Answers with a text of some type. */
  void answer(HttpResponseStatus status, String type, byte[] text) {
    FullHttpResponse response = response(status, text);
    response.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
    answer(response);
  }

  private static FullHttpResponse response(HttpResponseStatus status, byte[] json) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(json));
    response.headers().set(HttpHeaderNames.CONTENT_TYPE, Wire.JSON);
    response.headers().set(HttpHeaderNames.CONTENT_LENGTH, json.length);
    return response;
  }

  private void answer(FullHttpResponse response) {
    answering = true;
    prepare(response);
    channel.writeAndFlush(response).addListener((ChannelFuture sent) -> answered(sent));
  }

  /** Completes the head of an answer. */
  void prepare(HttpResponse response) {
    HttpUtil.setKeepAlive(response, keepAlive);
  }

  /**
   * An answer was sent whole, or cannot be sent: goes on with the next request, if there may be.
   */
  void answered(ChannelFuture sent) {
    answering = false;
    if (exchange != null) {
      exchange.abandon();
      exchange = null;
    }
    if (!sent.isSuccess()) {
      close();
    } else if (!keepAlive) {
      linger();
    } else {
      enter(begun ? State.RECEIVING : State.IDLE);
      drain();
    }
  }

  private void drain() {
    if (draining) {
      return; // answered at once, inside of the loop below
    }
    draining = true;
    while (!waiting.isEmpty() && state != State.WORKING && state != State.CLOSING) {
      accept(waiting.remove());
    }
    draining = false;
    if (waiting.isEmpty() && channel.isActive()) {
      channel.config().setAutoRead(true);
    }
  }

  /** A close while bytes still come in would reset the connection before the answer is read. */
  private void linger() {
    enter(State.CLOSING);
    releaseWaiting();
    channel.config().setAutoRead(true);
    var unused = channel.shutdownOutput();
  }

  private void enter(State next) {
    state = next;
    since = serving.activeNanos();
    lastProgress = 0;
  }

  private void check() {
    long now = serving.activeNanos();
    if (state == State.WORKING) {
      long progress = progress();
      if (progress != lastProgress || progress == ServerExchange.NOTHING_TO_SEND) {
        lastProgress = progress;
        since = now;
      }
    }
    if (now - since > limit()) {
      LOG.debug("connection of {} is closed: {} for too long", channel.remoteAddress(), state);
      close();
    }
  }

  /** Returns a number that changes as the client accepts the answer. */
  private long progress() {
    if (!answering) {
      return exchange == null ? 0 : exchange.progress();
    }
    ChannelOutboundBuffer unsent = channel.unsafe().outboundBuffer();
    return unsent == null ? 0 : unsent.totalPendingWriteBytes() - unsent.currentProgress();
  }

  private long limit() {
    return switch (state) {
      case IDLE ->
          entry == Serving.Entry.TOLD
              ? serving.limits().request().toNanos()
              : serving.limits().idle().toNanos();
      case RECEIVING -> serving.limits().request().toNanos();
      case WORKING -> serving.limits().send().toNanos();
      case CLOSING -> ServerLimits.LINGER.toNanos();
    };
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    watch.cancel(false);
    enter(State.CLOSING);
    releaseWaiting();
    if (exchange != null) {
      exchange.abandon();
      exchange = null;
    }
  }

  private static String why(Throwable failure) {
    Throwable cause = failure.getCause();
    return String.valueOf((cause == null ? failure : cause).getMessage());
  }

  private void close() {
    var unused = channel.close(); // channelInactive sees to the rest
  }

  private void releaseWaiting() {
    waiting.forEach(ReferenceCountUtil::release);
    waiting.clear();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (tls != null && tls.isRequired() && Origins.isWithoutTrust(cause)) {
      tellRefused(SecurityEvent.Kind.CERTIFICATE_REFUSED, "the handshake failed: " + why(cause));
    }
    if (cause instanceof IOException || cause instanceof DecoderException) {
      LOG.debug("connection of {} broke: {}", channel.remoteAddress(), cause.toString());
    } else {
      LOG.warn("connection of {} is closed after a defect", channel.remoteAddress(), cause);
    }
    close();
  }
}
