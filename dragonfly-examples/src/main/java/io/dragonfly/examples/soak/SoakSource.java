package io.dragonfly.examples.soak;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A web server with ranges and validators, and the troubles that one has. Thread-safe. */
final class SoakSource implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

  private final HttpServer server;
  private final ExecutorService threads;
  private final Map<String, SoakFile> files = new ConcurrentHashMap<>();
  private final AtomicLong sent = new AtomicLong();
  private final AtomicInteger refused = new AtomicInteger();
  private volatile Trouble trouble = Trouble.NONE;

  /** What is wrong with it now. */
  enum Trouble {
    NONE,
    SLOW,
    BREAKS,
    REFUSES
  }

  SoakSource() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    threads =
        Executors.newCachedThreadPool(
            work -> {
              Thread thread = new Thread(work, "soak-source");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  /** Publishes a file, in place of the one that has its name. */
  void publish(SoakFile file) {
    files.put(file.name(), file);
  }

  String url(SoakFile file) {
    InetSocketAddress address = server.getAddress();
    return "http://%s:%d/%s"
        .formatted(address.getAddress().getHostAddress(), address.getPort(), file.name());
  }

  void set(Trouble now) {
    trouble = now;
  }

  /** Returns the bytes of content that have left it. */
  long sentBytes() {
    return sent.get();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      SoakFile file = files.get(exchange.getRequestURI().getPath().substring(1));
      if (file == null) {
        exchange.sendResponseHeaders(404, -1);
      } else if (trouble == Trouble.REFUSES) {
        exchange.getResponseHeaders().set("Retry-After", "1");
        exchange.sendResponseHeaders(refused.getAndIncrement() % 2 == 0 ? 503 : 429, -1);
      } else {
        answer(exchange, file);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void answer(HttpExchange exchange, SoakFile file)
      throws IOException, InterruptedException {
    String etag = "\"%x\"".formatted(file.seed());
    Headers headers = exchange.getResponseHeaders();
    headers.set("ETag", etag);
    headers.set("Accept-Ranges", "bytes");
    Headers asked = exchange.getRequestHeaders();
    String range = asked.getFirst("Range");
    String condition = asked.getFirst("If-Range");
    boolean isSame = condition == null || condition.equals(etag);
    Matcher matcher = RANGE.matcher(range == null || !isSame ? "" : range);
    int start = 0;
    int end = file.length();
    int status = 200;
    if (matcher.matches()) {
      start = Integer.parseInt(matcher.group(1));
      end =
          matcher.group(2).isEmpty() ? end : Math.min(end, 1 + Integer.parseInt(matcher.group(2)));
      if (start >= end) {
        headers.set("Content-Range", "bytes */" + file.length());
        exchange.sendResponseHeaders(416, -1);
        return;
      }
      status = 206;
      headers.set("Content-Range", "bytes %d-%d/%d".formatted(start, end - 1, file.length()));
    }
    exchange.sendResponseHeaders(status, end - start);
    send(exchange.getResponseBody(), file, start, end);
  }

  private void send(OutputStream body, SoakFile file, int start, int end)
      throws IOException, InterruptedException {
    for (int at = start; at < end; ) {
      int stop = Math.min(end, (at / SoakFile.BLOCK + 1) * SoakFile.BLOCK);
      body.write(file.bytes(at, stop));
      sent.addAndGet(stop - at);
      at = stop;
      if (trouble == Trouble.SLOW) {
        body.flush();
        Thread.sleep(500);
      } else if (trouble == Trouble.BREAKS && at > start + (end - start) / 2 && at < end) {
        throw new IOException("broken off");
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
