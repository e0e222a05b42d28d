package io.dragonfly.examples.quickstart;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A web server for one file, with ranges, that counts the bytes of content that leave it. */
final class QuickstartSource implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

  private final Path file;
  private final long length;
  private final String etag;
  private final HttpServer server;
  private final ExecutorService threads;
  private final AtomicLong bodyBytes = new AtomicLong();

  private QuickstartSource(Path file, HttpServer server, ExecutorService threads)
      throws IOException {
    this.file = file;
    this.length = Files.size(file);
    this.etag = "\"%x-%x\"".formatted(length, Files.getLastModifiedTime(file).toMillis());
    this.server = server;
    this.threads = threads;
  }

  static QuickstartSource start(Path file) throws IOException {
    InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    HttpServer server = HttpServer.create(loopback, 0);
    ExecutorService threads =
        Executors.newCachedThreadPool(
            work -> {
              Thread thread = new Thread(work, "quickstart-source");
              thread.setDaemon(true);
              return thread;
            });
    QuickstartSource source = new QuickstartSource(file, server, threads);
    server.setExecutor(threads);
    server.createContext("/" + file.getFileName(), source::answer);
    server.start();
    return source;
  }

  String url() {
    InetSocketAddress address = server.getAddress();
    return "http://%s:%d/%s"
        .formatted(address.getAddress().getHostAddress(), address.getPort(), file.getFileName());
  }

  long length() {
    return length;
  }

  /** Returns the bytes of content sent so far. */
  long bodyBytes() {
    return bodyBytes.get();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      long start = 0;
      long end = length;
      int status = 200;
      Headers headers = exchange.getResponseHeaders();
      headers.set("ETag", etag);
      headers.set("Accept-Ranges", "bytes");
      String range = exchange.getRequestHeaders().getFirst("Range");
      Matcher matcher = RANGE.matcher(range == null ? "" : range);
      if (matcher.matches()) {
        start = Long.parseLong(matcher.group(1));
        end = matcher.group(2).isEmpty() ? length : Long.parseLong(matcher.group(2)) + 1;
        if (start >= length || end <= start) {
          headers.set("Content-Range", "bytes */" + length);
          exchange.sendResponseHeaders(416, -1);
          return;
        }
        end = Math.min(end, length);
        status = 206;
        headers.set("Content-Range", "bytes %d-%d/%d".formatted(start, end - 1, length));
      }
      exchange.sendResponseHeaders(status, end - start);
      send(exchange.getResponseBody(), start, end);
    }
  }

  private void send(OutputStream body, long start, long end) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(256 << 10);
    try (FileChannel channel = FileChannel.open(file)) {
      for (long at = start; at < end; ) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), end - at));
        int read = channel.read(buffer, at);
        if (read < 0) {
          throw new IOException("the file became shorter");
        }
        body.write(buffer.array(), 0, read);
        bodyBytes.addAndGet(read);
        at += read;
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
