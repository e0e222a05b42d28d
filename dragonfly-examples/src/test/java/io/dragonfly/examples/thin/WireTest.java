package io.dragonfly.examples.thin;

import static java.nio.charset.StandardCharsets.UTF_8;
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
          List.of("--url", "http://h/ä", ""),
          "/d",
          List.of("LANG", "C"),
          18,
          80,
          4711,
          "mnt:[1]",
          List.of("/d", "(dev=1,ino=2)"));

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
  void aGreetingComesBackAsItWasAndMayHaveMoreLines() throws Exception {
    Greeting greeting = new Greeting(12, "1.0-SNAPSHOT", "mnt:[1]");
    byte[] bytes = greeting.toBytes();

    assertThat(Greeting.parse(bytes)).isEqualTo(greeting);
    byte[] more = (new String(bytes, UTF_8) + "new\n").getBytes(UTF_8);
    assertThat(Greeting.parse(more)).isEqualTo(greeting);
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> Greeting.parse(cut)).isInstanceOf(IOException.class);
    }
    assertThatThrownBy(() -> Greeting.parse("x\n1\n\n".getBytes(UTF_8)))
        .isInstanceOf(IOException.class);
  }

  private static DataInputStream in(byte[] bytes) {
    return new DataInputStream(new ByteArrayInputStream(bytes));
  }
}
