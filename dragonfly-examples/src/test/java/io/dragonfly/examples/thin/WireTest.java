package io.dragonfly.examples.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What goes over the local socket, and what must not. */
class WireTest {
  private static final CallMessage CALL =
      new CallMessage(
          List.of("--url", "http://h/ä", ""), "/d", List.of("LANG", "C"), 18, 80, "mnt:[1]");

  @Test
  void aFrameComesBackAsItWas() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Frame.write(out, Frame.OUT, new byte[] {1, 2, 3, 4}, 1, 2);
    Frame.write(out, Frame.EXIT, 130);
    DataInputStream in = in(out.toByteArray());

    assertThat(Frame.read(in).payload()).containsExactly(2, 3);
    Frame exit = Frame.read(in);
    assertThat(exit.type()).isEqualTo(Frame.EXIT);
    assertThat(exit.number()).isEqualTo(130);
    assertThat(Frame.read(in)).isNull();
  }

  @Test
  void aFrameThatBreaksOffIsAnEndAndOneThatIsTooLongAnError() throws Exception {
    assertThat(Frame.read(in(new byte[] {1, 0, 0}))).isNull();
    assertThat(Frame.read(in(new byte[] {1, 0, 0, 0, 5, 1}))).isNull();
    assertThatThrownBy(() -> Frame.read(in(new byte[] {1, 127, -1, -1, -1})))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> Frame.read(in(new byte[] {1, -1, -1, -1, -1})))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> new Frame(Frame.EXIT, new byte[3]).number())
        .isInstanceOf(IOException.class);
  }

  @Test
  void aCallComesBackAsItWas() throws Exception {
    assertThat(CallMessage.parse(CALL.toBytes())).isEqualTo(CALL);
  }

  @Test
  void noBytesAtAllBreakTheParserOfCalls() throws Exception {
    byte[] good = CALL.toBytes();
    Random random = new Random(3);
    for (int length = 0; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatThrownBy(() -> CallMessage.parse(cut)).isInstanceOf(IOException.class);
    }
    for (int i = 0; i < 2000; i++) {
      byte[] bad = good.clone();
      bad[random.nextInt(bad.length)] = (byte) random.nextInt();
      try {
        CallMessage.parse(bad);
      } catch (IOException e) {
        assertThat(e).isNotNull(); // refused, as any other exception would not be
      }
    }
    byte[] more = Arrays.copyOf(good, good.length + 1);
    assertThatThrownBy(() -> CallMessage.parse(more)).isInstanceOf(IOException.class);
  }

  @Test
  void theFileOfAServerComesBackAsItWas() {
    ServerFile file = new ServerFile(4711, 12, "1.0-SNAPSHOT", "0a".repeat(32));

    assertThat(ServerFile.parse(file.toJson())).isEqualTo(file);
    assertThat(file.toString()).doesNotContain(file.token());
  }

  @Test
  void anythingElseIsNoFileOfAServer() {
    String good = new ServerFile(4711, 12, "1", "0a".repeat(32)).toJson();
    for (int length = 0; length < good.length() - 3; length++) {
      assertThat(ServerFile.parse(good.substring(0, length))).isNull();
    }
    assertThat(ServerFile.parse(good.replace("127.0.0.1", "10.0.0.1"))).isNull();
    assertThat(ServerFile.parse(good.replace("4711", "70000"))).isNull();
    assertThat(ServerFile.parse(good.replace("0a0a", "0x0a"))).isNull();
    assertThat(ServerFile.parse(good.replace("12", ""))).isNull();
  }

  @Test
  void whoDoesNotKnowTheTokenIsNeitherCallerNorServer() throws Exception {
    byte[] token = new byte[32];
    token[0] = 1;
    assertThat(greet(token, token)).isTrue();
    assertThat(greet(token, new byte[32])).isFalse();
  }

  /** Tells whether both ends are content with each other. */
  @SuppressWarnings("try") // closed before its end, so that the other end hears of it
  private static boolean greet(byte[] caller, byte[] server) throws Exception {
    try (var listening =
            new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress());
        var one = new java.net.Socket(listening.getInetAddress(), listening.getLocalPort());
        var other = listening.accept()) {
      boolean[] content = new boolean[1];
      Thread answering =
          new Thread(
              () -> {
                try (other) {
                  Handshake.answer(
                      new DataInputStream(other.getInputStream()), other.getOutputStream(), server);
                  content[0] = true;
                } catch (IOException e) {
                  content[0] = false;
                }
              });
      answering.start();
      boolean mine = true;
      try {
        Handshake.call(new DataInputStream(one.getInputStream()), one.getOutputStream(), caller);
      } catch (IOException e) {
        mine = false;
      }
      one.close();
      answering.join(10_000);
      assertThat(content[0]).isEqualTo(mine);
      return mine;
    }
  }

  private static DataInputStream in(byte[] bytes) {
    return new DataInputStream(new ByteArrayInputStream(bytes));
  }
}
