package io.dragonfly.examples.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.examples.thin.CallMessage;
import io.dragonfly.examples.thin.Frame;
import io.dragonfly.examples.thin.Handshake;
import java.io.DataInputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class CallConnectionTest {
  private static final byte[] TOKEN = new byte[32];
  private static final CallMessage MESSAGE = new CallMessage(List.of(), "/", List.of(), -1, 0, "");

  @Test
  void aCallThatSaysNothingIsSaidToBeWorkedOn() throws Exception {
    CountDownLatch enough = new CountDownLatch(1);
    try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket caller = new Socket(listening.getInetAddress(), listening.getLocalPort());
        CallConnection connection =
            new CallConnection(
                listening.accept(),
                TOKEN,
                new Uses(System::nanoTime),
                call -> {
                  try {
                    enough.await();
                  } catch (InterruptedException e) {
                    return 1;
                  }
                  return 5;
                })) {
      connection.start("call", () -> {});
      caller.setSoTimeout(4 * CallConnection.ALIVE_MILLIS);
      DataInputStream in = new DataInputStream(caller.getInputStream());
      Handshake.call(in, caller.getOutputStream(), TOKEN);
      Frame.write(caller.getOutputStream(), Frame.CALL, MESSAGE.toBytes());
      Frame first = Frame.read(in);
      assertThat(first).isNotNull();
      assertThat(first.type()).isEqualTo(Frame.ALIVE);
      enough.countDown();
      Frame last = Frame.read(in);
      assertThat(last).isNotNull();
      assertThat(last.type()).isEqualTo(Frame.EXIT);
      assertThat(last.number()).isEqualTo(5);
    }
  }
}
