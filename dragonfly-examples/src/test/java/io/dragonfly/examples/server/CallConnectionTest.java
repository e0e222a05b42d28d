package io.dragonfly.examples.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.thin.CallMessage;
import io.dragonfly.examples.thin.FileIdentity;
import io.dragonfly.examples.thin.Frame;
import io.dragonfly.examples.thin.Greeting;
import io.dragonfly.examples.thin.LocalSocket;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One call over a socket, from the caller's side. */
@Timeout(60)
class CallConnectionTest {
  private static final CallMessage MESSAGE = message("/", 0, "", List.of());

  @TempDir Path dir;

  @Test
  void aCallThatSaysNothingAnswersThatItIsWorkedOn() throws Exception {
    CountDownLatch enough = new CountDownLatch(1);
    withServer(
        call -> {
          try {
            enough.await();
          } catch (InterruptedException e) {
            return 1;
          }
          return 5;
        },
        (in, out) -> {
          Frame.write(out, Frame.CALL, MESSAGE.toBytes());
          for (int i = 0; i < 3; i++) {
            Frame.write(out, Frame.PING, new byte[0]);
            assertThat(Frame.read(in).type()).isEqualTo(Frame.ALIVE);
          }
          enough.countDown();
          Frame last = Frame.read(in);
          assertThat(last.type()).isEqualTo(Frame.EXIT);
          assertThat(last.number()).isEqualTo(5);
        });
  }

  @Test
  void whatIsNoCallEndsItsConnectionAndNoOther() throws Exception {
    byte[][] bad = {
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(UTF_8),
      {1, 127, -1, -1, -1}, // 2 GiB are announced
      {1, 0, 0, 0, 4, 127, -1, -1, -1},
      {99, 0, 0, 0, 0}
    };
    for (byte[] bytes : bad) {
      withServer(
          call -> 0,
          (in, out) -> {
            out.write(bytes);
            assertThat(Frame.read(in)).isNull();
          });
    }
  }

  @Test
  void anInterruptedCallIsToldItsEnd() throws Exception {
    withServer(
        call -> {
          Thread.currentThread().interrupt();
          return 7;
        },
        (in, out) -> {
          Frame.write(out, Frame.CALL, MESSAGE.toBytes());
          assertThat(Frame.read(in).number()).isEqualTo(7);
        });
  }

  @Test
  void aCallerThatSeesAnotherDirectoryIsRefused() throws Exception {
    List<String> same = List.of(dir.toString(), FileIdentity.of(dir));
    List<String> other = List.of(dir.toString(), FileIdentity.of(Path.of("/")));

    assertThat(FileSystemCheck.refusal(message("/", 0, "mnt:[1]", same))).isEmpty();
    withServer(
        call -> 0,
        (in, out) -> {
          Frame.write(out, Frame.CALL, message("/", 0, "mnt:[1]", other).toBytes());
          Frame refused = Frame.read(in);
          assertThat(refused.type()).isEqualTo(Frame.REFUSED);
          assertThat(new String(refused.payload(), UTF_8))
              .contains(dir + " is another directory for the background peer")
              .contains("--home");
        });
  }

  @Test
  void filesAreOpenedWhereTheCallersPathsBegin() throws Exception {
    Files.writeString(dir.resolve("headers"), "A: b");
    RemoteCall call = call(0, "");

    assertThat(text(call, "headers")).isEqualTo("A: b");
    assertThat(text(call, dir.resolve("headers").toString())).isEqualTo("A: b");
    assertThatThrownBy(() -> text(call, "none")).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void theStandardInputIsThatOfTheCaller() throws Exception {
    Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/fd")), "no Linux");
    Files.writeString(dir.resolve("f"), "five");
    Process caller =
        new ProcessBuilder("sh", "-c", "exec 5<\"$0\"; exec sleep 60", dir.resolve("f").toString())
            .redirectInput(Files.writeString(dir.resolve("in"), "stdin").toFile())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      RemoteCall call = call(caller.pid(), FileIdentity.fileSystem());
      assertThat(text(call, "/dev/stdin")).isEqualTo("stdin");
      Awaitility.await().until(() -> Files.exists(Path.of("/proc", caller.pid() + "", "fd", "5")));
      assertThat(text(call, "/dev/fd/5")).isEqualTo("five");
      RemoteCall inContainer = call(caller.pid(), "mnt:[1]");
      assertThatThrownBy(() -> text(inContainer, "/dev/stdin"))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("name a file");
    } finally {
      caller.destroyForcibly().waitFor();
    }
  }

  @Test
  void theStandardInputMayBeAPipe() throws Exception {
    Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/fd")), "no Linux");
    Process caller = new ProcessBuilder("sleep", "60").start();
    try (OutputStream pipe = caller.getOutputStream()) {
      byte[] sent = "from a pipe".getBytes(UTF_8);
      pipe.write(sent);
      pipe.flush();
      RemoteCall call = call(caller.pid(), FileIdentity.fileSystem());

      try (InputStream in = call.open("/dev/stdin")) {
        assertThat(in.readNBytes(sent.length)).isEqualTo(sent);
      }
    } finally {
      caller.destroyForcibly().waitFor();
    }
  }

  @Test
  void aReadOfAPipeEndsWhenTheCallerLeaves() throws Exception {
    Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/fd")), "no Linux");
    Process caller = new ProcessBuilder("sleep", "60").start(); // its stdin is a pipe
    try {
      RemoteCall call = call(caller.pid(), FileIdentity.fileSystem());
      InputStream in = call.open("/dev/stdin");
      CompletableFuture<Integer> read = new CompletableFuture<>();
      Thread reading =
          new Thread(
              () -> {
                try {
                  read.complete(in.read());
                } catch (IOException e) {
                  read.completeExceptionally(e);
                }
              });
      reading.start();

      call.gone();

      assertThat(read).failsWithin(30, TimeUnit.SECONDS);
    } finally {
      caller.destroyForcibly().waitFor();
    }
  }

  private RemoteCall call(long pid, String fileSystem) {
    return new RemoteCall(
        message(dir.toString(), pid, fileSystem, List.of()), OutputStream.nullOutputStream());
  }

  private static String text(RemoteCall call, String file) throws IOException {
    try (InputStream in = call.open(file)) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  private static CallMessage message(
      String directory, long pid, String fileSystem, List<String> directories) {
    return new CallMessage(List.of(), directory, List.of(), -1, 0, pid, fileSystem, directories);
  }

  private interface Caller {
    void call(DataInputStream in, OutputStream out) throws IOException;
  }

  private void withServer(ToIntFunction<Call> command, Caller caller) throws IOException {
    Path path = dir.toRealPath().resolve("run").resolve("peer.sock");
    try (CallServer server = new CallServer(path, new Uses(System::nanoTime), command);
        LocalSocket socket =
            new LocalSocket(SocketChannel.open(UnixDomainSocketAddress.of(path)))) {
      DataInputStream in = new DataInputStream(socket.in());
      assertThat(Greeting.parse(Frame.read(in).payload())).isEqualTo(Greeting.ofThisProcess());
      caller.call(in, socket.out());
      server.hide();
      assertThat(path).doesNotExist();
    }
  }
}
