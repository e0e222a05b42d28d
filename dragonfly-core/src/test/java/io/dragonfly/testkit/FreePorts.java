package io.dragonfly.testkit;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Ports for tests that have to name one before somebody listens there, or that need one where
 * nobody does. The system gives none of them to who binds to port 0 or connects to somewhere, since
 * they lie below the range that it takes those from; so nobody else gets one between this choice
 * and its use. Test JVMs that Surefire and Failsafe run side by side have none in common. Safe for
 * concurrent use.
 *
 * <p>Where the system's range begins too low for that, they are of that range.
 */
public final class FreePorts {
  private static final Path RANGE = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
  private static final int FIRST = 16_384;

  /** Linux's range begins here unless set, and those of other systems above. */
  private static final int USUAL_END = 32_768;

  /** How many JVMs of one build have ports of their own. */
  private static final int FORKS = 8;

  /** How many ports lie between those that JVMs of consecutive processes begin with. */
  private static final long STRIDE = 911;

  private static final FreePorts OURS =
      new FreePorts(thisFork(), ProcessHandle.current().pid(), endOfTests(RANGE));

  private final int fork;
  private final long start;
  private final int count;
  private int taken;

  /**
   * The ports of one JVM.
   *
   * @param fork its number in the build, from 0
   * @param pid of its process; JVMs of other builds begin elsewhere
   * @param end the first port that the system gives to others
   */
  public FreePorts(int fork, long pid, int end) {
    this.fork = fork % FORKS;
    this.start = pid * STRIDE;
    this.count = (end - FIRST) / FORKS;
  }

  /**
   * Returns where the system's own range begins, if it leaves enough below; else where it usually
   * does.
   */
  public static int endOfTests(Path range) {
    try {
      int lowest = Integer.parseInt(Files.readString(range).trim().split("\\s+")[0]);
      return lowest >= FIRST + FORKS * 128 ? lowest : USUAL_END;
    } catch (IOException e) {
      return USUAL_END; // not Linux
    }
  }

  /** Returns this JVM's number in the build, which begins with 1; 0 where none tells it. */
  public static int thisFork() {
    return Integer.parseInt(System.getProperty("tests.fork", "fork 0").replace("fork ", ""));
  }

  /** Returns a port that is free on all addresses, and never again in this JVM. */
  public static int next() {
    return OURS.take();
  }

  /**
   * Returns the next one that is free.
   *
   * @throws IllegalStateException if there is none left
   */
  public synchronized int take() {
    while (taken < count) {
      int port = FIRST + fork + FORKS * (int) ((start + taken++) % count);
      if (isFree(port)) {
        return port;
      }
    }
    throw new IllegalStateException("no port is left of the %d for tests".formatted(count));
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port)) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
