package io.dragonfly.examples.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What processes take up over time, by Linux's {@code /proc}; on other systems nothing is seen.
 * Thread-safe.
 *
 * <p>A process that takes up more and more is told from one that has only warmed up by two rules.
 * Each has a bound that no healthy one comes near. And the least that it took in its last third may
 * not be far above the least of its second one, for one that was seen long enough.
 */
final class Watch {
  /** Samples of one process from which its growth is judged: two minutes of them. */
  private static final int ENOUGH = 24;

  private static final long MOST_RSS = 700L << 20;

  /** A supernode alone has up to 256 that ask sources. */
  private static final long MOST_THREADS = 400;

  private static final long MOST_HANDLES = 2_000;

  /** A store keeps up to 192 files open that it may need again, and fills that as tasks come. */
  private static final long HANDLES_SLACK = 256;

  private static final Pattern STATUS = Pattern.compile("(VmRSS|Threads):\\s*(\\d+)");

  private final Path proc;
  private final Map<String, List<Sample>> processes = new TreeMap<>();

  Watch(Path proc) {
    this.proc = proc;
  }

  /**
   * What a process took up at one moment.
   *
   * @param rssBytes its resident memory
   * @param threads its threads
   * @param handles its open files and sockets
   */
  record Sample(long rssBytes, long threads, long handles) {
    static final Sample NONE = new Sample(0, 0, 0);

    Sample most(Sample other) {
      return new Sample(
          Math.max(rssBytes, other.rssBytes),
          Math.max(threads, other.threads),
          Math.max(handles, other.handles));
    }
  }

  /** Looks at a process of a node. */
  void look(String node, long pid) {
    read(pid).ifPresent(sample -> add(node + " (pid " + pid + ")", sample));
  }

  synchronized void add(String process, Sample sample) {
    processes.computeIfAbsent(process, p -> new ArrayList<>()).add(sample);
  }

  private Optional<Sample> read(long pid) {
    Path of = proc.resolve(Long.toString(pid));
    try (var handles = Files.list(of.resolve("fd"))) {
      long count = handles.count();
      Map<String, Long> status = new TreeMap<>();
      Matcher matcher = STATUS.matcher(Files.readString(of.resolve("status")));
      while (matcher.find()) {
        status.put(matcher.group(1), Long.parseLong(matcher.group(2)));
      }
      return Optional.of(
          new Sample(
              status.getOrDefault("VmRSS", 0L) << 10, status.getOrDefault("Threads", 0L), count));
    } catch (IOException e) {
      return Optional.empty(); // it has ended, or this is another system
    }
  }

  /** Returns the most that any process of the nodes with such a name took up. */
  synchronized Sample most(String prefix) {
    return processes.entrySet().stream()
        .filter(process -> process.getKey().startsWith(prefix))
        .map(Map.Entry::getValue)
        .flatMap(Collection::stream)
        .reduce(Sample.NONE, Sample::most);
  }

  /** Tells whether anything has been seen. */
  synchronized boolean isBlind() {
    return processes.isEmpty();
  }

  /** Returns how many processes were seen for long enough to judge whether they grow. */
  synchronized long judged() {
    return processes.values().stream().filter(samples -> samples.size() >= ENOUGH).count();
  }

  /** Says which processes took up more and more. */
  synchronized List<String> growing() {
    List<String> found = new ArrayList<>();
    processes.forEach(
        (process, samples) -> {
          judge(process, "bytes of memory", samples, Sample::rssBytes, MOST_RSS, 96L << 20, found);
          judge(process, "threads", samples, Sample::threads, MOST_THREADS, 16, found);
          judge(
              process,
              "file handles",
              samples,
              Sample::handles,
              MOST_HANDLES,
              HANDLES_SLACK,
              found);
        });
    return found;
  }

  private static void judge(
      String process,
      String what,
      List<Sample> samples,
      ToLongFunction<Sample> of,
      long bound,
      long slack,
      List<String> found) {
    long most = samples.stream().mapToLong(of).max().orElse(0);
    int third = samples.size() / 3;
    if (most > bound) {
      found.add("%s had %d %s, more than %d".formatted(process, most, what, bound));
    } else if (samples.size() >= ENOUGH) {
      long before = samples.subList(third, 2 * third).stream().mapToLong(of).min().orElse(0);
      long after =
          samples.subList(2 * third, samples.size()).stream().mapToLong(of).min().orElse(0);
      if (after > before + slack) {
        found.add("%s went on growing from %d to %d %s".formatted(process, before, after, what));
      }
    }
  }
}
