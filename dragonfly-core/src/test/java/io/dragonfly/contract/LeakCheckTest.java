package io.dragonfly.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.dragonfly.testkit.LeakCheck;
import java.io.Closeable;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

class LeakCheckTest {
  @TempDir static Path directory;

  /** What a leaky test leaves; closed by the test that runs it. */
  private static Closeable left = () -> {};

  @BeforeEach
  void nothingLeftYet() {
    left = () -> {};
  }

  @AfterEach
  void closeWhatWasLeft() throws Exception {
    left.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"thread", "fieldsThread"})
  void aThreadThatIsLeftFailsTheTest(String test) {
    Class<?> tests = test.equals("thread") ? Leaky.class : LeakyField.class;
    assertThat(failure(tests, test)).contains("left behind", "'dragonfly-left'", "at ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"serverSocket", "acceptedSocket", "channel"})
  void aSocketThatIsLeftFailsTheTest(String test) {
    assumeDescriptors();
    assertThat(failure(Leaky.class, test)).contains("left behind", "socket ");
  }

  @Test
  void aFileThatIsLeftOpenFailsTheTest() {
    assumeDescriptors();
    assertThat(failure(Leaky.class, "file")).contains("left behind", "file ", "left.bin");
  }

  @Test
  void aFileThatIsLeftOpenAndDeletedFailsTheTest() {
    assumeDescriptors();
    assertThat(failure(Leaky.class, "deletedFile")).contains("file ", "left.bin (deleted)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"closesAll", "usesTheCommonPool", "idleThreadOfOkHttp", "threadThatEndsSoon"})
  void whoCleansUpPasses(String test) {
    run(Clean.class, test).assertStatistics(s -> s.started(1).succeeded(1));
  }

  private static void assumeDescriptors() {
    Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")));
  }

  private static String failure(Class<?> tests, String test) {
    var events = run(tests, test);
    events.assertStatistics(s -> s.started(1).failed(1));
    return events.failed().stream()
        .map(event -> event.getRequiredPayload(TestExecutionResult.class))
        .map(result -> result.getThrowable().orElseThrow().getMessage())
        .findFirst()
        .orElseThrow();
  }

  private static Events run(Class<?> tests, String test) {
    boolean leaks = !tests.equals(Clean.class);
    return EngineTestKit.engine("junit-jupiter")
        .selectors(selectMethod(tests, test))
        .configurationParameter(LeakCheck.PATIENCE_PARAMETER, leaks ? "100" : "10000")
        .execute()
        .testEvents();
  }

  private static Closeable startThread(String name) {
    CountDownLatch end = new CountDownLatch(1);
    Thread thread =
        new Thread(
            () -> {
              try {
                end.await(1, TimeUnit.MINUTES);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    return end::countDown;
  }

  /** Run by the test engine above; not found by the build. */
  @ExtendWith(LeakCheck.class)
  static final class Leaky {
    @Test
    void thread() {
      left = startThread("dragonfly-left");
    }

    @Test
    void serverSocket() throws Exception {
      left = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    }

    @Test
    void acceptedSocket() throws Exception {
      try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
          Socket client = new Socket(server.getInetAddress(), server.getLocalPort())) {
        left = server.accept();
        client.setTcpNoDelay(true);
      }
    }

    @Test
    void channel() throws Exception {
      left = ServerSocketChannel.open();
    }

    @Test
    void file() throws Exception {
      left = open();
    }

    @Test
    void deletedFile() throws Exception {
      left = open();
      Files.delete(directory.resolve("left.bin"));
    }
  }

  /** Run by the test engine above; not found by the build. */
  @ExtendWith(LeakCheck.class)
  static final class LeakyField {
    private final Closeable thread = startThread("dragonfly-left");

    @Test
    void fieldsThread() {
      left = thread;
    }
  }

  /** Run by the test engine above; not found by the build. */
  @ExtendWith(LeakCheck.class)
  static final class Clean {
    @Test
    void closesAll() throws Exception {
      startThread("dragonfly-short").close();
      try (FileChannel file = open();
          ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
          Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
          Socket accepted = server.accept()) {
        accepted.getOutputStream().write(1);
        assertThat(client.getInputStream().read()).isEqualTo(1);
        assertThat(file.size()).isZero();
      }
    }

    @Test
    void usesTheCommonPool() throws Exception {
      assertThat(ForkJoinPool.commonPool().submit(() -> 1).get(10, TimeUnit.SECONDS)).isEqualTo(1);
    }

    @Test
    void idleThreadOfOkHttp() {
      left = startThread("OkHttp TaskRunner");
    }

    @Test
    void threadThatEndsSoon() throws Exception {
      Closeable first = startThread("dragonfly-first");
      Thread ender =
          new Thread(
              () -> {
                try {
                  first.close();
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
      ender.start(); // not waited for: the check does that
    }
  }

  private static FileChannel open() throws Exception {
    return FileChannel.open(
        directory.resolve("left.bin"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }
}
