package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.SourceProvider;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ContentRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ServiceLoader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.Test;

/** What is left when a stream or the source is closed: nothing. */
class HttpSourceCloseTest extends SourceTest {
  @Test
  void threadsEndWithTheSource() throws Exception {
    enqueue(part("bytes 0-0/3", "x"));
    source.ask(request("/file"));
    enqueue(PublishedFiles.silent(answer(200), new byte[100], 10));
    InputStream in = source.open(request("/file")).stream();
    assertThat(in.readNBytes(10)).hasSize(10);
    assertThat(threads()).isNotZero();

    source.close();

    // A pool has terminated a moment before its last thread has.
    await().untilAsserted(() -> assertThat(threads()).isZero());
    assertThatThrownBy(in::read).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> source.ask(request("/file"))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> source.open(request("/file"))).isInstanceOf(IOException.class);
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("dragonfly-source"))
        .count();
  }

  @Test
  void idleConnectionsEndWithTheSource() throws Exception {
    try (ServerSocket listening = listen()) {
      SourceRequest request = at(listening);
      Thread asker = new Thread(() -> askAndClose(request));
      asker.start();
      try (Socket socket = listening.accept()) {
        socket.setSoTimeout(10_000);
        answerWith(
            socket, "HTTP/1.1 206 P\r\nContent-Range: bytes 0-0/3\r\nContent-Length: 1\r\n\r\nx");
        assertThat(socket.getInputStream().readAllBytes()).as("what follows, to the end").isEmpty();
      }
      asker.join(10_000);
    }
  }

  private void askAndClose(SourceRequest request) {
    try {
      source.ask(request);
    } catch (IOException e) {
      throw new AssertionError(e);
    } finally {
      source.close();
    }
  }

  @Test
  void aStreamThatIsClosedEarlyClosesItsConnection() throws Exception {
    try (ServerSocket listening = listen()) {
      SourceRequest request = at(listening);
      Thread reader =
          new Thread(
              () -> {
                try (InputStream in = source.open(request).stream()) {
                  in.read();
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      reader.start();
      try (Socket socket = listening.accept()) {
        socket.setSoTimeout(10_000);
        answerWith(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx");
        assertThat(socket.getInputStream().read()).as("the end").isEqualTo(-1);
      }
      reader.join(10_000);
    }
  }

  @Test
  void bytesThatNobodyAskedForSpoilNoLaterAnswer() throws Exception {
    String answer = "HTTP/1.1 206 P\r\nContent-Range: bytes 0-0/3\r\nContent-Length: 1\r\n\r\nx";
    try (ServerSocket listening = listen()) {
      CompletableFuture<Socket> first =
          CompletableFuture.supplyAsync(() -> serve(listening, answer));
      assertThat(source.ask(at(listening)).length()).hasValue(3);
      try (Socket socket = first.get(10, TimeUnit.SECONDS)) {
        socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
        CompletableFuture<Socket> second =
            CompletableFuture.supplyAsync(() -> serve(listening, answer.replace("/3", "/4")));
        assertThat(source.ask(at(listening)).length()).hasValue(4);
        second.get(10, TimeUnit.SECONDS).close();
      }
    }
  }

  private static Socket serve(ServerSocket listening, String answer) {
    try {
      Socket socket = listening.accept();
      answerWith(socket, answer);
      return socket;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ServerSocket listen() throws IOException {
    return new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
  }

  private static SourceRequest at(ServerSocket listening) {
    URI uri = URI.create("http://127.0.0.1:" + listening.getLocalPort() + "/file");
    return request(ContentRequest.of(uri));
  }

  /** Reads a request and sends an answer. */
  private static void answerWith(Socket socket, String answer) throws IOException {
    StringBuilder request = new StringBuilder();
    while (request.indexOf("\r\n\r\n") < 0) {
      int next = socket.getInputStream().read();
      if (next < 0) {
        throw new IOException("no whole request: " + request);
      }
      request.append((char) next);
    }
    socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void anInterruptedQuestionIsGivenUp() {
    enqueue(answer(200).onResponseStart(SocketEffect.Stall.INSTANCE));
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> source.ask(request("/file")))
        .isInstanceOf(InterruptedIOException.class);
    assertThat(Thread.interrupted()).as("the flag is kept").isTrue();
  }

  @Test
  void aSilentServerIsLeftAfterTheStallTimeout() {
    enqueue(answer(200).onResponseStart(SocketEffect.Stall.INSTANCE));
    SourceRequest request =
        new SourceRequest(
            ContentRequest.of(uri("/file")), Duration.ofMillis(150), Requester.THIS_PROCESS);
    assertThatThrownBy(() -> source.ask(request))
        .hasMessageEndingWith("/file: the source gave no answer for 0.45 s");
  }

  @Test
  void theProviderIsFound() {
    SourceProvider found =
        ServiceLoader.load(SourceProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(HttpSourceProvider.class::isInstance)
            .findFirst()
            .orElseThrow();
    assertThat(found.schemes()).containsExactlyInAnyOrder("http", "https");
    found.create(new SourceConfig("dragonfly-test")).close();
  }
}
