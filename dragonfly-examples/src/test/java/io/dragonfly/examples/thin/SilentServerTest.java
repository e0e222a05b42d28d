package io.dragonfly.examples.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that was stopped keeps its connections, and says nothing. */
class SilentServerTest {
  @TempDir Path home;
  private ServerSocket listening;
  private byte[] words = {};
  private int beats;

  @BeforeEach
  void listen() throws Exception {
    listening = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
    ServerFile file =
        new ServerFile(
            listening.getLocalPort(), ProcessHandle.current().pid(), "1", "00".repeat(32));
    Files.writeString(home.resolve(ServerFile.NAME), file.toJson());
    Thread server = new Thread(() -> answer(file), "server");
    server.setDaemon(true);
    server.start();
  }

  @AfterEach
  void close() throws Exception {
    listening.close();
  }

  private void answer(ServerFile file) {
    try (Socket socket = listening.accept()) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      Handshake.answer(in, out, file.tokenBytes());
      Frame.read(in);
      if (words.length > 0) {
        Frame.write(out, Frame.ERR, words);
      }
      for (int i = 0; i < beats; i++) {
        Frame.write(out, Frame.ALIVE, new byte[0]);
      }
      if (beats > 0) {
        Frame.write(out, Frame.EXIT, 7);
      }
      assertThat(Frame.read(in)).isNull(); // the caller goes away
    } catch (IOException e) {
      // the test is over
    }
  }

  private static CallMessage message() throws IOException {
    return Caller.message(List.of("--url", "http://127.0.0.1/"));
  }

  @Test
  void isGivenUp() throws Exception {
    try (Connection connection = Connection.open(home.toFile())) {
      assertThatThrownBy(() -> connection.call(message(), 50))
          .isInstanceOf(FailedException.class)
          .hasMessageContaining("has said nothing for")
          .hasMessageContaining("kill -CONT " + ProcessHandle.current().pid());
    }
  }

  @Test
  void whatCannotBeSaidOnStderrDoesNotEndTheCall() throws Exception {
    words = "a line for nobody".getBytes(StandardCharsets.UTF_8);
    beats = 1;
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    try (Connection connection = Connection.open(home.toFile())) {
      assertThat(connection.call(message(), 10_000, OutputStream.nullOutputStream(), full))
          .isEqualTo(7);
    }
  }

  @Test
  void whatSaysThatItLivesIsWaitedFor() throws Exception {
    beats = 3;
    try (Connection connection = Connection.open(home.toFile())) {
      assertThat(connection.call(message(), 10_000)).isEqualTo(7);
    }
  }
}
