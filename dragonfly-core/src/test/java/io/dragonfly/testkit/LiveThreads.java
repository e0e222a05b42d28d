package io.dragonfly.testkit;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The threads that live at one moment, but for those that belong to the JDK or to JUnit. */
final class LiveThreads {
  /** They end by themselves or stay for the whole process. */
  private static final Pattern OF_OTHERS =
      Pattern.compile(
          "main|Reference Handler|Finalizer|Signal Dispatcher|Notification Thread|Attach Listener"
              + "|Common-Cleaner|Cleaner-\\d+|process reaper.*|Keep-Alive-Timer|DestroyJavaVM"
              + "|ForkJoinPool\\.commonPool-.*|CompletableFutureDelayScheduler"
              + "|VirtualThread-unparker|(Read|Write)-Poller.*|.*-unblocker"
              + "|junit-.*|surefire-.*|ping-\\d+s|last-ditch-daemon-shutdown-thread.*");

  /** Libraries' daemon threads that wait for a while whether there is more to do. */
  private static final Pattern IDLE =
      Pattern.compile("OkHttp TaskRunner|Okio Watchdog|ObjectCleaner.*");

  /**
   * Netty tells on this thread that its event loops have ended. It is no daemon, and ends by itself
   * a second later; to wait for that after each test would cost more than the tests.
   */
  private static final Pattern LAST = Pattern.compile("globalEventExecutor-.*");

  private static final int FRAMES = 8;

  private final Set<Thread> threads;

  private LiveThreads(Set<Thread> threads) {
    this.threads = threads;
  }

  static LiveThreads now() {
    ThreadGroup root = Thread.currentThread().getThreadGroup();
    while (root.getParent() != null) {
      root = root.getParent();
    }
    Thread[] all = new Thread[Math.max(64, 2 * root.activeCount())];
    int count = root.enumerate(all, true);
    while (count == all.length) { // what does not fit is left out silently
      all = new Thread[2 * all.length];
      count = root.enumerate(all, true);
    }
    return new LiveThreads(Arrays.stream(all, 0, count).collect(Collectors.toSet()));
  }

  /** Describes the threads that are here and were not there. */
  List<String> since(LiveThreads before) {
    return threads.stream()
        .filter(thread -> !before.threads.contains(thread) && thread.isAlive())
        .filter(thread -> !OF_OTHERS.matcher(thread.getName()).matches())
        .filter(thread -> !(thread.isDaemon() && IDLE.matcher(thread.getName()).matches()))
        .filter(thread -> !LAST.matcher(thread.getName()).matches())
        .map(LiveThreads::describe)
        .sorted()
        .toList();
  }

  private static String describe(Thread thread) {
    String stack =
        Arrays.stream(thread.getStackTrace())
            .limit(FRAMES)
            .map(frame -> "\n      at " + frame)
            .collect(Collectors.joining());
    String kind = thread.isDaemon() ? "daemon thread" : "thread";
    return "%s '%s' (%s)%s".formatted(kind, thread.getName(), thread.getState(), stack);
  }
}
