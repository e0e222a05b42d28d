package io.dragonfly.examples;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

/**
 * A server on 127.0.0.1 that answers each request with the same bytes, and then does what it says.
 */
public final class RudeServer implements AutoCloseable {
  /** What it does when it has sent its bytes. */
  public enum Then {
    CLOSE,
    FALL_SILENT
  }

  private final ServerSocket server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final List<String> heads = new CopyOnWriteArrayList<>();
  private final byte[] answer;
  private final Then then;

  /** A server that answers each request with this head and so many bytes. */
  public RudeServer(String head, int bodyBytes, Then then) throws IOException {
    byte[] start = head.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1);
    this.answer = java.util.Arrays.copyOf(start, start.length + bodyBytes);
    this.then = then;
    this.server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    threads.execute(this::accept);
  }

  /** Returns the URL of the file that it gives. */
  public String url() {
    return "http://127.0.0.1:" + server.getLocalPort() + "/file.bin";
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        open.add(socket);
        if (server.isClosed()) {
          socket.close(); // one that close() may not have seen
        } else {
          threads.execute(() -> answer(socket));
        }
      }
    } catch (IOException | RejectedExecutionException e) {
      // closed
    }
  }

  private void answer(Socket socket) {
    try (socket) {
      heads.add(readHead(socket.getInputStream()));
      OutputStream out = socket.getOutputStream();
      out.write(answer);
      out.flush();
      if (then == Then.FALL_SILENT) {
        socket.getInputStream().transferTo(OutputStream.nullOutputStream());
      }
    } catch (IOException e) {
      // the client has had enough
    } finally {
      open.remove(socket);
    }
  }

  private static String readHead(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    int c = in.read();
    while (c >= 0 && head.indexOf("\r\n\r\n") < 0) {
      head.append((char) c);
      c = head.indexOf("\r\n\r\n") < 0 ? in.read() : c;
    }
    return head.toString();
  }

  /** Returns the request lines and headers so far, each request as one text. */
  List<String> heads() {
    return heads;
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
    threads.shutdownNow();
  }
}
