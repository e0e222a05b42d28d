package io.dragonfly.transport.http;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** A socket that speaks HTTP as a test wants it, right or wrong. */
public final class RawConnection implements AutoCloseable {
  /** Far more than any response takes, also on a machine that is busy. */
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final Socket socket;
  private final InputStream in;

  /** Wraps a connected socket. */
  public RawConnection(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout((int) LIMIT.toMillis());
    this.in = socket.getInputStream();
  }

  /** Connects. */
  public static RawConnection to(InetSocketAddress address) throws IOException {
    return new RawConnection(new Socket(address.getAddress(), address.getPort()));
  }

  /** Connects from an address of this machine. */
  public static RawConnection to(InetSocketAddress address, InetAddress local) throws IOException {
    return new RawConnection(new Socket(address.getAddress(), address.getPort(), local, 0));
  }

  /** Connects over TLS, to whoever answers. */
  public static RawConnection overTls(InetSocketAddress address) throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new Credulous()}, null);
      return overTls(address, context.getSocketFactory());
    } catch (GeneralSecurityException e) {
      throw new IOException("TLS cannot be set up", e);
    }
  }

  /** Connects over TLS with these sockets. */
  public static RawConnection overTls(InetSocketAddress address, SSLSocketFactory sockets)
      throws IOException {
    return new RawConnection(sockets.createSocket(address.getAddress(), address.getPort()));
  }

  private static final class Credulous implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  /**
   * A message that came.
   *
   * @param first its first line
   * @param headers its header lines, names in lower case
   * @param body its body
   */
  public record Message(String first, List<String> headers, byte[] body) {
    /** Returns the status of an answer. */
    public int status() {
      return Integer.parseInt(first.split(" ", 3)[1]);
    }

    /** Returns the body as text. */
    public String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    /** Returns the value of a header, or an empty string. */
    public String header(String name) {
      String start = name.toLowerCase(Locale.ROOT) + ": ";
      return headers.stream()
          .filter(line -> line.startsWith(start))
          .map(line -> line.substring(start.length()))
          .findFirst()
          .orElse("");
    }
  }

  /** Sends text as it is, in ISO-8859-1; for lines, {@code \n} is sent as CRLF. */
  public RawConnection send(String text) throws IOException {
    return send(text.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Sends bytes as they are. */
  public RawConnection send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
    return this;
  }

  /** Reads a message with its body. */
  public Message read() throws IOException {
    Message head = readHead();
    String length = head.header("content-length");
    byte[] body = length.isEmpty() ? new byte[0] : in.readNBytes(Integer.parseInt(length));
    return new Message(head.first(), head.headers(), body);
  }

  /** Reads a message's head alone. */
  public Message readHead() throws IOException {
    String first = line();
    List<String> headers = new ArrayList<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers.add(line.substring(0, colon).toLowerCase(Locale.ROOT) + line.substring(colon));
    }
    return new Message(first, headers, new byte[0]);
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("the connection was closed after '%s'".formatted(line));
      }
      if (b != '\r') {
        line.write(b);
      }
    }
    return line.toString(StandardCharsets.ISO_8859_1);
  }

  /** Reads some bytes. */
  public byte[] read(int count) throws IOException {
    return in.readNBytes(count);
  }

  /** Waits until the other side closes, and returns how many bytes came until then. */
  public long awaitClose() throws IOException {
    try {
      return in.transferTo(OutputStream.nullOutputStream());
    } catch (SocketException e) {
      return -1; // reset: closed as well
    }
  }

  @Override
  public void close() throws IOException {
    if (socket instanceof SSLSocket) {
      socket.setSoTimeout(1); // else it waits for the other side to close, too
    }
    socket.close();
  }
}
