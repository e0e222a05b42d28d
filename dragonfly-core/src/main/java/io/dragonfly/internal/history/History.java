package io.dragonfly.internal.history;

import io.dragonfly.home.FetchRecord;
import io.dragonfly.internal.storage.OwnerOnly;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How fetches went: {@code <home>/history} has a file for each task, beside the store and not in
 * it, so that it outlives both the task and the output. It has the last fetches of a task and the
 * last tasks, no more. Safe for concurrent use; all but {@link #add} blocks on a disk.
 */
public final class History {
  private static final Logger log = LoggerFactory.getLogger(History.class);

  static final int MOST_FETCHES = 10;
  static final int MOST_TASKS = 1000;
  static final int MOST_BYTES = 256 << 10;

  /** So many more than {@link #MOST_TASKS} may be there before old ones are looked for. */
  private static final int SLACK = 100;

  private static final String SUFFIX = ".json";

  private final Path directory;
  private final Queue<FetchRecord> unwritten = new ConcurrentLinkedQueue<>();
  private int tasks = -1;

  /** The history in a home directory, which is nobody else's. */
  public History(Path home) {
    this.directory = home.toAbsolutePath().resolve("history");
  }

  /** Takes a record, which {@link #write} then writes. Does not block. */
  public void add(FetchRecord record) {
    unwritten.add(record);
  }

  /** Writes what was added. What cannot be written is lost, which is logged. */
  public synchronized void write() {
    for (FetchRecord next = unwritten.poll(); next != null; next = unwritten.poll()) {
      try {
        write(next);
      } catch (IOException e) {
        log.warn("Task {}: its history cannot be written: {}", next.task().brief(), e.toString());
      }
    }
  }

  private void write(FetchRecord record) throws IOException {
    OwnerOnly.createDirectories(directory);
    Path file = file(record.task());
    List<FetchRecord> records = new ArrayList<>();
    records.add(HistoryJson.stamped(record));
    records.addAll(read(file));
    byte[] bytes;
    do {
      records.subList(Math.min(records.size(), MOST_FETCHES), records.size()).clear();
      bytes = HistoryJson.write(records);
      records.remove(records.size() - 1); // the next try, if this one is too long
    } while (bytes.length > MOST_BYTES && !records.isEmpty());
    OwnerOnly.replace(file, bytes);
    forgetOldTasks();
  }

  private Path file(TaskId task) {
    return directory.resolve(task.hex() + SUFFIX);
  }

  private static List<FetchRecord> read(Path file) {
    try {
      return HistoryJson.read(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      log.warn("{} cannot be read, it is left out: {}", file, e.getMessage());
      return List.of();
    }
  }

  private void forgetOldTasks() throws IOException {
    tasks = tasks < 0 ? files().size() : tasks + 1; // a few times too much does not matter
    if (tasks <= MOST_TASKS + SLACK) {
      return;
    }
    List<Path> old = new ArrayList<>(files());
    old.sort(Comparator.comparing(History::lastModified).reversed());
    for (Path file : old.subList(Math.min(old.size(), MOST_TASKS), old.size())) {
      Files.deleteIfExists(file);
    }
    tasks = Math.min(old.size(), MOST_TASKS);
  }

  private static long lastModified(Path file) {
    return file.toFile().lastModified();
  }

  private List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (TaskId.isId(name.substring(0, name.length() - SUFFIX.length()))) {
          files.add(entry); // any other is not ours
        }
      }
    } catch (NoSuchFileException e) {
      return List.of();
    }
    return files;
  }

  /** Returns all records, those of the latest fetches first. */
  public synchronized List<FetchRecord> records() throws IOException {
    write();
    Stream<FetchRecord> all = files().stream().flatMap(file -> read(file).stream());
    return all.sorted(Comparator.comparing(FetchRecord::start).reversed()).toList();
  }

  /** Forgets a task. */
  public synchronized void forget(TaskId task) throws IOException {
    write();
    Files.deleteIfExists(file(task));
  }
}
