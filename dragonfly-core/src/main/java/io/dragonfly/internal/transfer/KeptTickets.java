package io.dragonfly.internal.transfer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.storage.OwnerOnly;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tickets of this peer's registrations. With them it announces the tasks that it holds, also
 * after it was started again: so they are kept in a file, which only its owner can read. A ticket
 * ends after an hour, and is forgotten then. Safe for concurrent use.
 *
 * <p>The file has a line for each ticket, the last one of a task counts: when it came (seconds
 * since 1970), the task's id, the ticket in base64url, and the supernode's name.
 */
public final class KeptTickets {
  private static final Logger LOG = LoggerFactory.getLogger(KeptTickets.class);

  /** As long as a supernode makes them valid. */
  private static final Duration LIFE = Duration.ofHours(1);

  /** So many lines that say nothing any more are not worth writing the file anew. */
  private static final int FEW_LINES = 1000;

  private final Path file;
  private final Clock clock;

  @GuardedBy("this")
  private final Map<Place, Kept> tickets = new HashMap<>();

  /** What is not in the file yet. */
  @GuardedBy("this")
  private List<String> added = new ArrayList<>();

  /** Held while the file is written; without it nobody waits for the disk. */
  private final Object writing = new Object();

  @GuardedBy("writing")
  private int lines;

  private record Place(String supernode, TaskId task) {}

  /** A ticket. */
  private static final class Kept {
    private final long seconds;
    private final String ticket;

    Kept(long seconds, String ticket) {
      this.seconds = seconds;
      this.ticket = ticket;
    }
  }

  private KeptTickets(Path file, Clock clock) {
    this.file = file;
    this.clock = clock;
  }

  /** The tickets in a file; none if it cannot be read. Blocks on the disk. */
  public static KeptTickets in(Path file, Clock clock) {
    KeptTickets kept = new KeptTickets(file, clock);
    kept.read();
    return kept;
  }

  private void read() {
    try {
      if (Files.exists(file)) {
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        synchronized (this) {
          for (String line : text.lines().toList()) {
            add(line);
          }
        }
        synchronized (writing) {
          rewrite();
        }
      }
    } catch (IOException e) {
      LOG.warn("Tickets in {} are lost, so tasks are not announced: {}", file, e.toString());
    }
  }

  /** The last line may be cut off. */
  @GuardedBy("this")
  private void add(String line) {
    String[] parts = line.split(" ", 4);
    try {
      if (parts.length == 4) {
        byte[] ticket = Base64.getUrlDecoder().decode(parts[2]);
        Kept kept = new Kept(Long.parseLong(parts[0]), new String(ticket, StandardCharsets.UTF_8));
        tickets.put(new Place(parts[3], new TaskId(parts[1])), kept);
      }
    } catch (IllegalArgumentException e) {
      LOG.debug("{} has a line that is none", file);
    }
  }

  /** Keeps a ticket, in memory for now. */
  public synchronized void keep(String supernode, TaskId task, String ticket) {
    Place place = new Place(supernode, task);
    Kept kept = new Kept(clock.instant().getEpochSecond(), ticket);
    tickets.put(place, kept);
    added.add(line(place, kept));
  }

  /** Returns the ticket of a task, if it may still be valid. */
  public synchronized Optional<String> find(String supernode, TaskId task) {
    Kept kept = tickets.get(new Place(supernode, task));
    return kept == null || isOver(kept) ? Optional.empty() : Optional.of(kept.ticket);
  }

  /** Forgets all, in memory for now: they are of no use to who is another peer. */
  public synchronized void clear() {
    tickets.clear();
    added = new ArrayList<>();
  }

  /** Writes what was kept since. Blocks on the disk. */
  public void save() {
    synchronized (writing) {
      try {
        List<String> more = takeAdded();
        if (more.isEmpty()) {
          return;
        }
        lines += more.size();
        // Those that are over go first: a process that runs for days would count, and keep, all.
        if (lines > FEW_LINES + 2 * dropExpired() || !Files.exists(file)) {
          rewrite();
        } else {
          Files.write(file, text(more), StandardOpenOption.APPEND);
        }
      } catch (IOException e) {
        LOG.warn("Tickets cannot be kept in {}: {}", file, e.toString());
      }
    }
  }

  private synchronized List<String> takeAdded() {
    List<String> taken = added;
    added = new ArrayList<>();
    return taken;
  }

  /** Forgets the tickets that are over, and returns how many are left. */
  private synchronized int dropExpired() {
    tickets.values().removeIf(this::isOver);
    return tickets.size();
  }

  @GuardedBy("writing")
  private void rewrite() throws IOException {
    List<String> all;
    synchronized (this) {
      var unused = dropExpired();
      added = new ArrayList<>();
      all =
          tickets.entrySet().stream()
              .map(entry -> line(entry.getKey(), entry.getValue()))
              .collect(Collectors.toList());
    }
    OwnerOnly.replace(file, text(all));
    lines = all.size();
  }

  private static byte[] text(List<String> lines) {
    return lines.stream()
        .map(line -> line + "\n")
        .collect(Collectors.joining())
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String line(Place place, Kept kept) {
    // A supernode may say anything that is a ticket to it.
    String ticket =
        Base64.getUrlEncoder().encodeToString(kept.ticket.getBytes(StandardCharsets.UTF_8));
    return "%d %s %s %s".formatted(kept.seconds, place.task().hex(), ticket, place.supernode());
  }

  private boolean isOver(Kept kept) {
    return Instant.ofEpochSecond(kept.seconds).plus(LIFE).isBefore(clock.instant());
  }
}
