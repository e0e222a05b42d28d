package io.dragonfly.testkit;

import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;

/**
 * Fails a test that leaves threads, sockets or open files behind. What a test class's fields hold
 * counts, too: it is made anew for each test. Not left behind are what was there before, and idle
 * threads that the JDK, JUnit, OkHttp and Netty keep for a while; sockets and files are seen on
 * Linux only. What takes a moment to go has {@value #PATIENCE_PARAMETER} milliseconds to do so,
 * 3000 unless JUnit's configuration says otherwise.
 *
 * <p>For tests that run one after the other: it cannot tell whose a thread is.
 */
public final class LeakCheck
    implements TestInstancePreConstructCallback, BeforeEachCallback, AfterEachCallback {
  /** The name of the parameter in JUnit's configuration. */
  public static final String PATIENCE_PARAMETER = "dragonfly.leakcheck.patience.millis";

  private static final Namespace NAMESPACE = Namespace.create(LeakCheck.class);
  private static final long PATIENCE_MILLIS = 10_000;
  private static final Duration PAUSE = Duration.ofMillis(20);

  private record Held(LiveThreads threads, OpenHandles handles) {
    static Held now() {
      return new Held(LiveThreads.now(), OpenHandles.now());
    }
  }

  @Override
  public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
    return ExtensionContextScope.TEST_METHOD;
  }

  @Override
  public void preConstructTestInstance(TestInstanceFactoryContext factory, ExtensionContext test)
      throws Exception {
    lookOnce(test);
  }

  @Override
  public void beforeEach(ExtensionContext test) throws Exception {
    lookOnce(test); // where one instance serves all tests
  }

  private static void lookOnce(ExtensionContext test) throws Exception {
    if (test.getStore(NAMESPACE).get(Held.class) == null) {
      openWhatTheJdkKeepsOpen();
      test.getStore(NAMESPACE).put(Held.class, Held.now());
    }
  }

  /** The first socket that is closed leaves a pair of others open for all later ones. */
  private static void openWhatTheJdkKeepsOpen() throws Exception {
    try (ServerSocketChannel server = ServerSocketChannel.open();
        SocketChannel socket = SocketChannel.open()) {
      server.configureBlocking(true);
      socket.configureBlocking(true);
    }
  }

  @Override
  public void afterEach(ExtensionContext test) {
    Held before = test.getStore(NAMESPACE).get(Held.class, Held.class);
    long patience =
        test.getConfigurationParameter(PATIENCE_PARAMETER, Long::valueOf).orElse(PATIENCE_MILLIS);
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patience);
    List<String> leaks = leaks(before);
    while (!leaks.isEmpty() && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(PAUSE.toNanos());
      leaks = leaks(before);
    }
    if (!leaks.isEmpty()) {
      throw new AssertionError(
          "%s left behind:\n  %s".formatted(test.getDisplayName(), String.join("\n  ", leaks)));
    }
  }

  private static List<String> leaks(Held before) {
    Held now = Held.now();
    List<String> leaks = new ArrayList<>(now.threads().since(before.threads()));
    leaks.addAll(now.handles().since(before.handles()));
    return leaks;
  }
}
