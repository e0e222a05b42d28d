package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SocketInputTest {
  /** A socket to which a test delivers; reads bring a part of it at a time. */
  private static final class Wire extends InputStream {
    private final int partLength;
    private byte[] delivered = new byte[0];
    private int reads;

    Wire(int partLength) {
      this.partLength = partLength;
    }

    void deliver(String text) {
      byte[] more = text.getBytes(StandardCharsets.ISO_8859_1);
      int before = delivered.length;
      delivered = Arrays.copyOf(delivered, before + more.length);
      System.arraycopy(more, 0, delivered, before, more.length);
    }

    @Override
    public int read() {
      throw new UnsupportedOperationException();
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      int count = Math.min(Math.min(length, partLength), delivered.length);
      System.arraycopy(delivered, 0, target, offset, count);
      delivered = Arrays.copyOfRange(delivered, count, delivered.length);
      reads++;
      return count == 0 ? -1 : count;
    }

    @Override
    public int available() {
      return delivered.length;
    }
  }

  private static final String ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1000})
  void noticesBytesBehindTheEnd(int partLength) throws IOException {
    assertThat(hasMoreThanThree(ANSWER, partLength)).isFalse();
    assertThat(hasMoreThanThree(ANSWER + "d", partLength)).isTrue();
    assertThat(hasMoreThanThree(ANSWER.replace("\r\n", "\n"), partLength)).isFalse();
    assertThat(hasMoreThanThree(ANSWER.replace("\r\n", "\n") + "d", partLength)).isTrue();
    String interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    assertThat(hasMoreThanThree(interim + ANSWER, partLength)).isFalse();
    assertThat(hasMoreThanThree(interim + ANSWER + "d", partLength)).isTrue();
  }

  private static boolean hasMoreThanThree(String answer, int partLength) throws IOException {
    Wire wire = new Wire(partLength);
    SocketInput input = new SocketInput(wire);
    // The second answer on a connection is counted anew.
    for (int i = 0; i < 2; i++) {
      input.expectAnswer();
      wire.deliver(ANSWER);
      input.readNBytes(ANSWER.length());
      assertThat(input.hasMoreThan(3)).isFalse();
    }
    input.expectAnswer();
    wire.deliver(answer);
    input.readNBytes(answer.indexOf("abc") + 3);
    return input.hasMoreThan(3);
  }

  @Test
  void refusesBytesThatCameUnasked() throws IOException {
    Wire wire = new Wire(1000);
    SocketInput input = new SocketInput(wire);
    input.expectAnswer();
    wire.deliver("x");
    assertThatThrownBy(input::expectAnswer).isInstanceOf(IOException.class);
  }

  @Test
  void readsALotAtATime() throws IOException {
    Wire wire = new Wire(1 << 20);
    wire.deliver("x".repeat(1 << 20));
    SocketInput input = new SocketInput(wire);
    byte[] small = new byte[8 << 10];
    int total = 0;
    for (int count = input.read(small, 0, small.length); count >= 0; ) {
      total += count;
      count = input.read(small, 0, small.length);
    }
    assertThat(total).isEqualTo(1 << 20);
    assertThat(wire.reads).isLessThan(20);
  }
}
