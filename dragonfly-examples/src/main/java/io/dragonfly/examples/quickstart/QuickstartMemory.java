package io.dragonfly.examples.quickstart;

import io.dragonfly.examples.command.Units;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much memory is left for the quickstart's processes, on Linux: else nobody knows. */
final class QuickstartMemory {
  /** What a supernode or a peer takes beside its share of the page cache, as measured. */
  static final long BYTES_OF_A_PROCESS = 192L << 20;

  /** Files are written in the background; with less than this that slows everything. */
  private static final long PAGE_CACHE_BYTES = 64L << 20;

  private static final Pattern AVAILABLE = Pattern.compile("(?m)^MemAvailable:\\s+(\\d+) kB$");
  private static final Pattern INACTIVE = Pattern.compile("(?m)^(?:total_)?inactive_file (\\d+)$");

  private final Path proc;
  private final Path cgroups;

  private QuickstartMemory(Path proc, Path cgroups) {
    this.proc = proc;
    this.cgroups = cgroups;
  }

  /** The memory of this machine. */
  static QuickstartMemory ofThisMachine() {
    return in(Path.of("/"));
  }

  /** The memory of a machine whose files are below a directory. */
  static QuickstartMemory in(Path root) {
    return new QuickstartMemory(root.resolve("proc"), root.resolve("sys/fs/cgroup"));
  }

  /**
   * Checks that there is room for so many more processes.
   *
   * @throws IllegalArgumentException if there is not; it says how much is needed
   */
  void require(int processes) {
    long needed = processes * BYTES_OF_A_PROCESS + PAGE_CACHE_BYTES;
    OptionalLong available = available();
    if (available.isPresent() && available.getAsLong() < needed) {
      throw new IllegalArgumentException(
          "%d processes need %s of memory, and %s are available: give fewer --peers, or end something else"
              .formatted(processes, Units.size(needed), Units.size(available.getAsLong())));
    }
  }

  /**
   * Returns the bytes that can still be used: those of the machine, or less where a limit holds.
   */
  OptionalLong available() {
    OptionalLong machine = number(AVAILABLE, proc.resolve("meminfo"), 1024);
    OptionalLong limited = OptionalLong.empty();
    for (String line : lines(proc.resolve("self/cgroup"))) {
      String[] parts = line.split(":", 3);
      if (parts.length == 3 && parts[1].isEmpty()) {
        limited = least(limited, below(cgroups, parts[2], "memory.max", "memory.current"));
      } else if (parts.length == 3 && List.of(parts[1].split(",", -1)).contains("memory")) {
        limited =
            least(
                limited,
                below(
                    cgroups.resolve("memory"),
                    parts[2],
                    "memory.limit_in_bytes",
                    "memory.usage_in_bytes"));
      }
    }
    return least(machine, limited);
  }

  /** Returns what is left to a group, and to all that it is part of. */
  private static OptionalLong below(Path root, String group, String limit, String usage) {
    OptionalLong least = OptionalLong.empty();
    // Inside a container the path may be that of the host, of which only the end is to be seen.
    for (Path at = Path.of("/" + group).normalize(); at != null; at = at.getParent()) {
      least = least(least, left(root.resolve("." + at), limit, usage));
    }
    return least;
  }

  private static OptionalLong left(Path group, String limit, String usage) {
    OptionalLong most = number(Pattern.compile("^(\\d+)\\s*$"), group.resolve(limit), 1);
    OptionalLong used = number(Pattern.compile("^(\\d+)\\s*$"), group.resolve(usage), 1);
    if (most.isEmpty() || used.isEmpty()) {
      return OptionalLong.empty(); // there is none, which version 2 calls max
    }
    // Pages of files that nobody has used for a while are let go when memory is short.
    long cache = number(INACTIVE, group.resolve("memory.stat"), 1).orElse(0);
    return OptionalLong.of(Math.max(0, most.getAsLong() - used.getAsLong() + cache));
  }

  private static OptionalLong least(OptionalLong one, OptionalLong other) {
    if (one.isEmpty() || other.isEmpty()) {
      return one.isPresent() ? one : other;
    }
    return OptionalLong.of(Math.min(one.getAsLong(), other.getAsLong()));
  }

  private static OptionalLong number(Pattern pattern, Path file, long unit) {
    Matcher matcher = pattern.matcher(String.join("\n", lines(file)));
    try {
      return matcher.find()
          ? OptionalLong.of(Math.multiplyExact(Long.parseLong(matcher.group(1)), unit))
          : OptionalLong.empty();
    } catch (ArithmeticException | NumberFormatException e) {
      return OptionalLong.empty(); // as good as without a limit
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of(); // another system, or another version of cgroups
    }
  }
}
