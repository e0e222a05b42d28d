package io.dragonfly.transport.http.swarm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A web server that sends exactly what a test tells it, byte for byte; one request a connection.
 */
final class RawSource implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

  private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final List<Ask> asked = new CopyOnWriteArrayList<>();
  private volatile Handler handler = (ask, out) -> {};

  /** Answers one request; the connection is closed after that. */
  interface Handler {
    void answer(Ask ask, OutputStream out) throws IOException;
  }

  /** A request; the names of its headers are in lower case. */
  record Ask(String target, Map<String, String> headers) {
    /** Tells whether it is the question for one byte that tells access and version. */
    boolean isProbe() {
      return "bytes=0-0".equals(headers.get("range"));
    }

    boolean isRange() {
      return headers.containsKey("range");
    }

    int start() {
      Matcher range = RANGE.matcher(headers.getOrDefault("range", ""));
      return range.matches() ? Integer.parseInt(range.group(1)) : 0;
    }

    int end(int length) {
      Matcher range = RANGE.matcher(headers.getOrDefault("range", ""));
      return range.matches() && !range.group(2).isEmpty()
          ? Math.min(length, Integer.parseInt(range.group(2)) + 1)
          : length;
    }

    String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  RawSource() throws IOException {
    threads.execute(this::accept);
  }

  void answers(Handler other) {
    handler = other;
  }

  String url(String target) {
    return "http://127.0.0.1:" + server.getLocalPort() + target;
  }

  /** Returns all requests so far. */
  List<Ask> asked() {
    return asked;
  }

  /** Sends the first line and the headers of an answer. */
  static void head(OutputStream out, String... lines) throws IOException {
    String head = "HTTP/1.1 " + String.join("\r\n", lines) + "\r\nConnection: close\r\n\r\n";
    out.write(head.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        open.add(socket);
        threads.execute(() -> answer(socket));
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void answer(Socket socket) {
    try (socket) {
      Ask ask = read(socket);
      asked.add(ask);
      handler.answer(ask, socket.getOutputStream());
      socket.getOutputStream().flush();
    } catch (IOException e) {
      // the client has had enough
    } finally {
      open.remove(socket);
    }
  }

  private static Ask read(Socket socket) throws IOException {
    BufferedReader in =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
    String first = in.readLine();
    if (first == null) {
      throw new IOException("no request");
    }
    Map<String, String> headers = new TreeMap<>();
    for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
      String[] parts = line.split(":", 2);
      headers.put(parts[0].toLowerCase(Locale.ROOT), parts[1].trim());
    }
    return new Ask(first.split(" ", 3)[1], headers);
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
