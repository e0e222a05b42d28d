package io.dragonfly.load;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.dragonfly.task.Digest;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.MessageDigest;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A source with one content and a strong validator, which counts what it is asked. */
final class LoadSource implements AutoCloseable {
  private static final int BLOCK = 1 << 20;

  private final int length;
  private final byte[] block = new byte[BLOCK];
  private final AtomicInteger requests = new AtomicInteger();
  private final ExecutorService threads = Executors.newFixedThreadPool(8);
  private final HttpServer server;

  LoadSource(int length) throws IOException {
    this.length = length;
    new Random(1).nextBytes(block);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  URI url() {
    return URI.create("http://127.0.0.1:%d/file".formatted(server.getAddress().getPort()));
  }

  /** Returns what the whole content's SHA-256 is. */
  Digest digest() {
    MessageDigest sha = Digest.newSha256();
    for (int left = length; left > 0; left -= Math.min(left, BLOCK)) {
      sha.update(block, 0, Math.min(left, BLOCK));
    }
    return Digest.of(sha);
  }

  /** Returns how many requests have come. */
  int requests() {
    return requests.get();
  }

  private void answer(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    try (exchange) {
      exchange.getResponseHeaders().set("ETag", "\"1\"");
      String range = exchange.getRequestHeaders().getFirst("Range");
      if ("bytes=0-0".equals(range)) { // the question that gives access and version
        exchange.getResponseHeaders().set("Content-Range", "bytes 0-0/" + length);
        exchange.sendResponseHeaders(206, 1);
        exchange.getResponseBody().write(block, 0, 1);
        return;
      }
      exchange.sendResponseHeaders(200, length);
      OutputStream out = exchange.getResponseBody();
      for (int left = length; left > 0; left -= Math.min(left, BLOCK)) {
        out.write(block, 0, Math.min(left, BLOCK));
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
