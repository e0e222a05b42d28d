package io.dragonfly.examples.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.examples.RudeServer;
import io.dragonfly.examples.thin.CallMessage;
import io.dragonfly.examples.thin.Frame;
import io.dragonfly.examples.thin.Greeting;
import io.dragonfly.examples.thin.LocalSocket;
import io.dragonfly.examples.thin.SocketPath;
import io.dragonfly.testkit.LeakCheck;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** The process that a dfget starts, with streams of a test instead of its own. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class FirstCallTest {
  private static final String HEAD = "HTTP/1.1 200 OK\nETag: \"a\"\nContent-Length: 1000\n\n";

  @TempDir private Path dir;
  private Path home;
  private PipedOutputStream caller;
  private DataInputStream answers;
  private CompletableFuture<Integer> process;

  @BeforeEach
  void begin() throws IOException {
    home = Files.createDirectory(dir.toRealPath().resolve("home"));
  }

  @AfterEach
  void end() throws IOException {
    caller.close();
    ((LoggerContext) LoggerFactory.getILoggerFactory()).reset(); // closes the log in the home
  }

  @ParameterizedTest
  @CsvSource({
    "help, 'help' is not expected here",
    "--nonsense, there is no option '--nonsense'",
    "--url http://127.0.0.1:1/a --port 70000, 70000",
    "--url ftp://127.0.0.1/a, --url must begin with http:// or https://",
    "--output out, --url is missing",
    "--output cache, Expected parameter for option '--output'"
  })
  void aWrongCommandLineLeavesNothingBehind(String words, String said) throws Exception {
    start(true, words);

    Answer answer = answer(answers);

    assertThat(answer.err()).contains(said);
    assertThat(answer.code()).isEqualTo(2);
    assertThat(answer.greetings()).isZero();
    assertThat(process.get(60, TimeUnit.SECONDS)).isEqualTo(2);
    assertThat(SocketPath.of(home.toFile())).doesNotExist();
    assertThat(home.resolve("logs")).doesNotExist();
  }

  @Test
  void aProcessWhoseHomeIsAnothersWritesNoLogThere() throws Exception {
    ClientConfig config = ClientConfig.builder().home(home).build();
    try (DistributionClient holder = new DistributionClient(config);
        RudeServer source = new RudeServer(HEAD, 1000, RudeServer.Then.CLOSE)) {
      assertThat(holder.address()).isEmpty();
      start(true, "--url " + source.url() + " --output out");

      Answer answer = answer(answers);

      assertThat(answer.code()).as(answer.err()).isEqualTo(20); // another process has the home
      assertThat(home.resolve("logs")).doesNotExist();
    }
  }

  @Test
  void aFetchMakesTheProcessTheBackgroundPeerOfItsHome() throws Exception {
    try (RudeServer source = new RudeServer(HEAD, 1000, RudeServer.Then.CLOSE)) {
      start(true, "--url " + source.url() + " --output out --zone east --alivetime 10s");

      Answer first = answer(answers);
      assertThat(first.code()).as(first.err()).isZero();
      assertThat(first.greetings()).isOne();
      assertThat(dir.resolve("out")).hasSize(1000);

      Answer second = call("--url " + source.url() + " --output again --zone west");
      assertThat(second.code()).isEqualTo(2);
      assertThat(second.err()).contains("--zone is 'west'").contains("has 'east'");
    }
    Path socket = SocketPath.of(home.toFile());
    assertThat(mode(socket.getParent())).isEqualTo("rwx------");
    assertThat(process.get(60, TimeUnit.SECONDS)).isZero(); // nobody has used it for 10 s
    assertThat(socket).doesNotExist();
    assertThat(home.resolve("logs/dfget-server.log")).isRegularFile();
  }

  @Test
  void aFetchWhoseCallerLeavesIsCancelled() throws Exception {
    try (RudeServer source = new RudeServer(HEAD, 500, RudeServer.Then.FALL_SILENT)) {
      start(true, "--url " + source.url() + " --output out --alivetime 1s");
      Frame hello = Frame.read(answers);
      assertThat(hello).isNotNull();
      assertThat(Greeting.parse(hello.payload()).pid()).isEqualTo(ProcessHandle.current().pid());

      caller.close();

      assertThat(process.get(60, TimeUnit.SECONDS)).isZero();
      assertThat(dir.resolve("out")).doesNotExist();
    }
  }

  @Test
  void aProcessThatMustNotStayFetchesAndEnds() throws Exception {
    try (RudeServer source = new RudeServer(HEAD, 1000, RudeServer.Then.CLOSE)) {
      start(false, "--url " + source.url() + " --output out");

      Answer answer = answer(answers);

      assertThat(answer.code()).as(answer.err()).isZero();
      assertThat(dir.resolve("out")).hasSize(1000);
      assertThat(process.get(60, TimeUnit.SECONDS)).isZero();
      assertThat(SocketPath.of(home.toFile())).doesNotExist();
    }
  }

  @Test
  void whatIsAboutAHomeIsDoneWithoutABackgroundPeer() throws Exception {
    start(false, "limit");

    Answer answer = answer(answers);

    assertThat(answer.code()).isEqualTo(2);
    assertThat(answer.err()).contains("there is nothing to limit");
    assertThat(process.get(60, TimeUnit.SECONDS)).isEqualTo(2);
  }

  private void start(boolean mayStay, String words) throws Exception {
    caller = new PipedOutputStream();
    PipedInputStream stdin = new PipedInputStream(caller, 1 << 16);
    PipedOutputStream stdout = new PipedOutputStream();
    answers = new DataInputStream(new PipedInputStream(stdout, 1 << 20));
    process = new CompletableFuture<>();
    Thread running =
        new Thread(
            () -> {
              try {
                process.complete(FirstCall.run(home, mayStay, stdin, stdout));
              } catch (IOException | InterruptedException | RuntimeException e) {
                process.completeExceptionally(e);
              }
            },
            "first-process");
    running.start();
    Frame.write(caller, Frame.CALL, message(words).toBytes());
    caller.flush();
  }

  private CallMessage message(String words) {
    List<String> all = new ArrayList<>(List.of(words.split(" ")));
    all.addAll(words.startsWith("--") ? List.of("--home", home.toString()) : List.of());
    return new CallMessage(all, dir.toString(), List.of(), -1, 0, 0, "", List.of());
  }

  private Answer call(String words) throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(SocketPath.of(home.toFile()));
    try (LocalSocket socket = new LocalSocket(SocketChannel.open(address))) {
      Frame.write(socket.out(), Frame.CALL, message(words).toBytes());
      return answer(new DataInputStream(socket.in()));
    }
  }

  private static Answer answer(DataInputStream in) throws IOException {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int greetings = 0;
    while (true) {
      Frame frame = Frame.read(in);
      assertThat(frame).as("said so far: %s", err).isNotNull();
      switch (frame.type()) {
        case Frame.ERR -> err.write(frame.payload());
        case Frame.HELLO -> greetings++;
        case Frame.EXIT -> {
          return new Answer(frame.number(), err.toString(UTF_8), greetings);
        }
        default -> OutputStream.nullOutputStream().write(frame.payload());
      }
    }
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private record Answer(int code, String err, int greetings) {}
}
