package io.dragonfly.examples.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.examples.soak.Links.Link;
import io.dragonfly.examples.soak.Links.State;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Links pass on all, or nothing. */
class LinksTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private Links links;
  private Link link;
  private ServerSocket server;

  @BeforeEach
  void open() throws IOException {
    links = new Links();
    link = links.open();
    server = new ServerSocket(0, 10, HERE);
    link.leadsTo(server.getLocalPort());
  }

  @AfterEach
  void close() throws IOException {
    links.close();
    server.close();
  }

  private Socket connected() throws IOException {
    Socket socket = new Socket(HERE, link.port());
    socket.setSoTimeout(10_000);
    return socket;
  }

  @Test
  void passesOnWhatComesBothWaysAndTheEnd() throws Exception {
    byte[] bytes = new byte[3 << 20];
    new SplittableRandom(1).nextBytes(bytes);
    CompletableFuture<byte[]> arrived = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              try (Socket accepted = server.accept()) {
                accepted.getOutputStream().write(42);
                arrived.complete(accepted.getInputStream().readAllBytes());
              } catch (IOException e) {
                arrived.completeExceptionally(e);
              }
            });
    reader.start();
    try (Socket caller = connected()) {
      assertThat(caller.getInputStream().read()).isEqualTo(42);
      caller.getOutputStream().write(bytes);
    }
    reader.join();
    assertThat(Arrays.equals(arrived.get(), bytes)).isTrue();
  }

  @Test
  void aSilentLinkKeepsWhatComesUntilItIsOpen() throws Exception {
    try (Socket caller = connected();
        Socket accepted = server.accept()) {
      link.set(State.SILENT);
      caller.getOutputStream().write(1);
      accepted.setSoTimeout(300);
      assertThatThrownBy(() -> accepted.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
      link.set(State.OPEN);
      accepted.setSoTimeout(10_000);
      assertThat(accepted.getInputStream().read()).isEqualTo(1);
    }
  }

  @Test
  void aLinkThatResetsEndsThoseThereAreAndThoseThatCome() throws Exception {
    try (Socket caller = connected();
        Socket accepted = server.accept()) {
      assertThat(accepted.isConnected()).isTrue();
      link.set(State.RESET);
      assertThatThrownBy(() -> caller.getInputStream().read()).isInstanceOf(SocketException.class);
      Awaitility.await().until(this::isRefused);
      link.set(State.OPEN);
      Awaitility.await().until(() -> !isRefused());
    }
  }

  private boolean isRefused() throws IOException {
    try (Socket another = connected()) {
      another.setSoTimeout(200);
      return another.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (SocketException e) {
      return true;
    }
  }
}
