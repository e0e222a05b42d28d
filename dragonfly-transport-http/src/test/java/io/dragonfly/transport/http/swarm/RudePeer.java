package io.dragonfly.transport.http.swarm;

import com.google.common.util.concurrent.Uninterruptibles;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.Caller;
import io.dragonfly.control.Holding;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.TaskReport;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.transport.http.HttpTransport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A peer that says it has a whole file, and treats whoever asks for it badly. */
final class RudePeer implements AutoCloseable {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final Pattern RANGE = Pattern.compile("(?i)range: bytes=(\\d+)-(\\d+)");

  private final Manner manner;
  private final HttpTransport transport = HttpTransport.builder().threads(1).build();
  private final SupernodeApi supernode;
  private final ServerSocket server = new ServerSocket(0, 100, HERE);
  private final Caller caller;
  private final AtomicInteger asked = new AtomicInteger();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closed = new CountDownLatch(1);
  private RegisterResponse registered;

  /** What it does with who asks. */
  enum Manner {
    WRONG_BYTES,
    ANOTHER_RANGE,
    TOO_SHORT,
    TOO_LONG,
    WHOLE_FOR_RANGE,
    GARBAGE,
    RESET,
    REFUSES,
    NOTHING,
    TRICKLES
  }

  RudePeer(Manner manner, InetSocketAddress supernodeAddress) throws IOException {
    this.manner = manner;
    this.supernode = transport.connect(supernodeAddress, HERE);
    InetSocketAddress own = new InetSocketAddress(HERE, server.getLocalPort());
    this.caller = new Caller(PeerSecret.random(new SecureRandom()), own, "");
    start(this::accept);
  }

  PeerId id() {
    return caller.id();
  }

  /** Returns how often somebody asked for a piece. */
  int asked() {
    return asked.get();
  }

  /** Registers for a file as a peer does, and says that it has all of it. */
  void claimToHave(String url) throws Exception {
    ContentRequest content = ContentRequest.of(URI.create(url));
    RegisterRequest request =
        new RegisterRequest(caller, content, Optional.empty(), Optional.empty(), List.of());
    registered = supernode.register(request).get(20, TimeUnit.SECONDS);
    BitSet all = new BitSet();
    all.set(0, registered.task().layout().pieces());
    AnnounceRequest offer =
        new AnnounceRequest(
            caller,
            List.of(new Holding(registered.task().id(), all, Optional.of(registered.ticket()))));
    supernode.announce(offer).get(20, TimeUnit.SECONDS);
    report(List.of());
  }

  /** Says that it could not take a piece from another peer. */
  void accuse(PeerId other, int piece, Outcome outcome) {
    report(List.of(new PieceResult(piece, other, outcome, 0)));
  }

  private void report(List<PieceResult> results) {
    TaskReport report =
        new TaskReport(registered.task().id(), PieceSpan.NONE, 0, List.of(), results);
    var unused =
        supernode.poll(new PollRequest(caller, 0, List.of(report), Duration.ofSeconds(30)));
  }

  private void start(Runnable work) {
    Thread thread = new Thread(work, "rude-peer");
    threads.add(thread);
    thread.start();
  }

  private void accept() {
    while (closed.getCount() > 0) {
      try {
        Socket socket = server.accept();
        sockets.add(socket);
        start(() -> answerAll(socket));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void answerAll(Socket socket) {
    try (socket) {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
      Matcher range = null;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        Matcher matcher = RANGE.matcher(line);
        range = matcher.matches() ? matcher : range;
        if (line.isEmpty() && range != null) {
          asked.incrementAndGet();
          int start = Integer.parseInt(range.group(1));
          answer(socket, start, Integer.parseInt(range.group(2)) + 1 - start);
          range = null;
        }
      }
    } catch (IOException | InterruptedException e) {
      // its business is done
    }
  }

  private void answer(Socket socket, int start, int length)
      throws IOException, InterruptedException {
    OutputStream out = socket.getOutputStream();
    int total = (int) registered.task().layout().length().getAsLong();
    String right = "Content-Range: bytes %d-%d/%d".formatted(start, start + length - 1, total);
    String partial = "206 Partial Content";
    switch (manner) {
      case WRONG_BYTES -> send(out, partial, right, length, length);
      case ANOTHER_RANGE ->
          send(
              out,
              partial,
              "Content-Range: bytes %d-%d/%d".formatted(0, length - 1, total + 1),
              length,
              length);
      case TOO_SHORT -> {
        send(out, partial, right, length, length / 2);
        socket.close();
      }
      case TOO_LONG -> send(out, partial, right, length, 2 * length);
      case WHOLE_FOR_RANGE -> send(out, "200 OK", "ETag: \"x\"", total, total);
      case GARBAGE -> {
        out.write(new byte[100_000]);
        socket.close();
      }
      case RESET -> {
        socket.setSoLinger(true, 0);
        socket.close();
      }
      case REFUSES -> send(out, "403 Forbidden", "X: y", 0, 0);
      case NOTHING -> {}
      case TRICKLES -> {
        send(out, partial, right, length, 0);
        while (!closed.await(1, TimeUnit.SECONDS)) {
          out.write(0);
        }
      }
    }
  }

  private static void send(OutputStream out, String status, String header, int length, int bytes)
      throws IOException {
    String head =
        "HTTP/1.1 %s\r\n%s\r\nContent-Length: %d\r\n\r\n".formatted(status, header, length);
    out.write(head.getBytes(StandardCharsets.ISO_8859_1));
    out.write(new byte[bytes]);
    out.flush();
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
    transport.close();
    threads.forEach(Uninterruptibles::joinUninterruptibly);
  }
}
