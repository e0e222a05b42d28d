package io.dragonfly.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** A source on 127.0.0.1 with a small file, and a slow one that waits in the middle. */
final class WebSource implements AutoCloseable {
  private static final byte[] SMALL = bytes(10_000);
  private static final byte[] SLOW = bytes(3_000_000);

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch reached = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);
  private final HttpServer server;

  WebSource() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 100);
    server.setExecutor(threads);
    server.createContext("/small", exchange -> answer(exchange, SMALL, false));
    server.createContext("/large", exchange -> answer(exchange, SLOW, false));
    server.createContext("/chunked", this::answerInChunks);
    server.createContext("/slow", exchange -> answer(exchange, SLOW, true));
    server.createContext("/secret", this::answerSecret);
    server.start();
  }

  private static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    new Random(count).nextBytes(bytes);
    return bytes;
  }

  byte[] small() {
    return SMALL.clone();
  }

  byte[] slow() {
    return SLOW.clone();
  }

  String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  private void answerSecret(HttpExchange exchange) throws IOException {
    if ("open sesame".equals(exchange.getRequestHeaders().getFirst("X-Word"))) {
      answer(exchange, SMALL, false);
    } else {
      exchange.sendResponseHeaders(403, -1);
      exchange.close();
    }
  }

  private void answerInChunks(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().set("ETag", "\"b\"");
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write(SLOW);
    }
  }

  private void answer(HttpExchange exchange, byte[] body, boolean slowly) throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().set("ETag", "\"a\"");
      exchange.sendResponseHeaders(200, body.length);
      OutputStream out = exchange.getResponseBody();
      out.write(body, 0, body.length / 2);
      out.flush();
      if (slowly) {
        reached.countDown();
        await(released);
      }
      out.write(body, body.length / 2, body.length - body.length / 2);
    }
  }

  /** Waits until somebody has half of the slow file. */
  void awaitReached() {
    await(reached);
  }

  /** Sends the second half of the slow file. */
  void release() {
    released.countDown();
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(60, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nothing happened for 60 s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    release();
    server.stop(0);
    threads.shutdownNow();
  }
}
