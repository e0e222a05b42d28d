package io.dragonfly.examples.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A background peer that was stopped keeps its connections, and says nothing. */
@Timeout(60)
class SilentServerTest {
  private static final long PID = ProcessHandle.current().pid();

  @TempDir Path home;
  private ServerSocketChannel listening;
  private boolean greets = true;
  private byte[] words = {};
  private int pings;

  @BeforeEach
  void listen() throws Exception {
    Path socket = SocketPath.of(home.toFile());
    SocketPath.prepare(socket);
    listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listening.bind(UnixDomainSocketAddress.of(socket));
    Files.writeString(home.resolve("lock"), PID + "\n");
  }

  @AfterEach
  void close() throws Exception {
    listening.close();
  }

  private void start() {
    Thread server = new Thread(this::answer, "server");
    server.setDaemon(true);
    server.start();
  }

  private void answer() {
    try (LocalSocket socket = new LocalSocket(listening.accept())) {
      DataInputStream in = new DataInputStream(socket.in());
      OutputStream out = socket.out();
      if (greets) {
        Frame.write(out, Frame.HELLO, new Greeting(PID, "1", "").toBytes());
      }
      Frame.read(in); // the call
      if (words.length > 0) {
        Frame.write(out, Frame.ERR, words);
      }
      for (int i = 0; i < pings; i++) {
        if (Frame.read(in).type() == Frame.PING) {
          Frame.write(out, Frame.ALIVE, new byte[0]);
        }
      }
      if (pings > 0 || words.length > 0) {
        Frame.write(out, Frame.EXIT, 7);
      }
      while (Frame.read(in) != null) {
        // until the caller goes away
      }
    } catch (IOException e) {
      // the test is over
    }
  }

  private static CallMessage message() {
    return Caller.message(List.of("--url", "http://127.0.0.1/"), "", false);
  }

  @Test
  void isGivenUp() throws Exception {
    start();
    try (Connection connection = Connection.open(home.toFile(), 1_000)) {
      connection.send(message());
      assertThatThrownBy(connection::follow)
          .isInstanceOf(FailedException.class)
          .hasMessageContaining("has said nothing for 4.0 s")
          .hasMessageContaining("kill -CONT " + PID);
    }
  }

  @Test
  void isGivenUpIfItDoesNotReadTheCall() throws Exception {
    String most = "x".repeat(8 << 20); // more than the socket buffers
    greetsOnly();
    try (Connection connection = Connection.open(home.toFile(), 100)) {
      assertThatThrownBy(() -> connection.send(Caller.message(List.of(most), "", false)))
          .isInstanceOf(FailedException.class)
          .hasMessageContaining("has said nothing for 0.4 s")
          .hasMessageContaining("kill -CONT " + PID);
    }
  }

  /** It was stopped between its greeting and the call. */
  private void greetsOnly() {
    Thread server =
        new Thread(
            () -> {
              try (LocalSocket socket = new LocalSocket(listening.accept())) {
                Frame.write(socket.out(), Frame.HELLO, new Greeting(PID, "1", "").toBytes());
                Thread.sleep(Long.MAX_VALUE);
              } catch (IOException | InterruptedException e) {
                // the test is over
              }
            },
            "server");
    server.setDaemon(true);
    server.start();
  }

  @Test
  void isGivenUpBeforeItHasSaidWhoItIs() {
    greets = false;
    start();

    assertThatThrownBy(() -> Connection.open(home.toFile(), 50))
        .isInstanceOf(FailedException.class)
        .hasMessageContaining("has said nothing for")
        .hasMessageContaining("kill -CONT " + PID);
  }

  @Test
  void isGivenUpIfItDoesNotEvenAcceptTheConnection() {
    assertThatThrownBy(() -> Connection.open(home.toFile(), 50))
        .isInstanceOf(FailedException.class)
        .hasMessageContaining("kill -KILL " + PID);
  }

  @Test
  void aSocketThatNobodyListensOnIsNone() throws Exception {
    listening.close();

    assertThat(SocketPath.of(home.toFile())).exists();
    assertThat(Connection.open(home.toFile())).isNull();
  }

  @Test
  void whatCannotBeSaidOnStderrDoesNotEndTheCall() throws Exception {
    words = "a line for nobody".getBytes(StandardCharsets.UTF_8);
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    start();
    try (Connection connection = Connection.open(home.toFile())) {
      connection.send(message());
      assertThat(connection.follow(OutputStream.nullOutputStream(), full)).isEqualTo(7);
    }
  }

  @Test
  void whatAnswersThatItLivesIsWaitedFor() throws Exception {
    pings = Heartbeat.MOST_TICKS + 2; // more than one that is silent gets
    start();
    try (Connection connection = Connection.open(home.toFile(), 500)) {
      connection.send(message());
      assertThat(connection.follow()).isEqualTo(7);
    }
  }
}
