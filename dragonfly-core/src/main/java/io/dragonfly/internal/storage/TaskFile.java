package io.dragonfly.internal.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.storage.TaskRecord.LinkedOut;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file {@code task.json}. Replaced as a whole, so it is never half written. Its mtime is when
 * the task was last used.
 *
 * <p>A file that was not synced may be empty after a power cut. Nobody who changes the record waits
 * for a sync; instead the record that was synced last stays as {@code task.json.kept} until the new
 * one is synced, too. A pinned task has such a copy all the time, in case the file is damaged.
 */
final class TaskFile {
  /** Goes up when older versions could no longer read what is written. */
  static final int FORMAT = 1;

  /** What the name of the copy ends with. */
  static final String KEPT = ".kept";

  private static final Logger log = LoggerFactory.getLogger(TaskFile.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final ReentrantLock lock = new ReentrantLock();

  /** Held by one sync after the other, and so for long. */
  private final ReentrantLock syncing = new ReentrantLock();

  private volatile TaskRecord record;
  private volatile Instant lastUse;

  /**
   * Whether the task is no longer stored: the path may be another one's, and nothing is changed.
   */
  @GuardedBy("lock")
  private boolean ended;

  /** Whether the file is synced: then it is not replaced before it has another name. */
  private volatile boolean durable;

  private TaskFile(Path file, TaskRecord record, Instant lastUse, boolean durable) {
    this.file = file;
    this.record = record;
    this.lastUse = lastUse;
    this.durable = durable;
  }

  private static Path copy(Path file) {
    return file.resolveSibling(file.getFileName() + KEPT);
  }

  /** Tells whether there is a copy that was synced, in whatever state it is now. */
  static boolean hasCopy(Path file) {
    return copy(file).toFile().length() > 0;
  }

  /** Makes the file in a directory that is not a task's yet, so that it may be half written. */
  static TaskFile create(Path file, TaskRecord record) throws IOException {
    OwnerOnly.write(file, bytes(record));
    return new TaskFile(file, record, mtime(file), false);
  }

  /**
   * Reads a file, or its copy if it is damaged. Then nothing is known of what was written since.
   *
   * @throws BrokenTaskException if it is not what a version of this class has written
   * @throws IOException if it cannot be read, or a newer version has written it
   */
  static TaskFile read(Path file) throws IOException {
    try {
      TaskRecord record = readRecord(file);
      // If it is not synced yet, the process that has written it was killed a moment ago.
      return new TaskFile(
          file, record, mtime(file), DiskTask.isSynced(record.task().layout()) && !hasCopy(file));
    } catch (BrokenTaskException | NoSuchFileException e) {
      if (!hasCopy(file)) {
        throw e;
      }
      TaskRecord record = readRecord(copy(file)).withBootId(Optional.empty());
      TaskFile restored = new TaskFile(file, record, mtime(copy(file)), false);
      OwnerOnly.replace(file, bytes(record));
      restored.used(restored.lastUse);
      log.warn("{} is restored from its copy, all pieces are verified: {}", file, e.toString());
      return restored;
    }
  }

  private static TaskRecord readRecord(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    try {
      JsonNode json = JSON.readTree(bytes);
      if (json.path("format").asInt() > FORMAT) {
        throw new IOException("a newer version has written it");
      }
      return parse(json);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      String why = e instanceof JsonProcessingException j ? j.getOriginalMessage() : e.getMessage();
      throw new BrokenTaskException("task.json is broken: " + why, e);
    }
  }

  /** Goes on with the same content under another name. */
  TaskFile movedTo(Path other) {
    return new TaskFile(other, record, lastUse, false);
  }

  TaskRecord record() {
    return record;
  }

  void update(UnaryOperator<TaskRecord> change) throws IOException {
    lock.lock();
    try {
      TaskRecord changed = change.apply(record);
      if (!changed.equals(record)) {
        checkAlive();
        Path fresh = OwnerOnly.fresh(file, bytes(changed));
        if (durable) {
          Files.move(file, copy(file), StandardCopyOption.ATOMIC_MOVE);
          durable = false;
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        record = changed;
        used(lastUse);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Writes nothing any more. */
  void end() {
    lock.lock();
    try {
      ended = true;
    } finally {
      lock.unlock();
    }
  }

  /** Takes back {@link #end}. */
  void revive() {
    lock.lock();
    try {
      ended = false;
    } finally {
      lock.unlock();
    }
  }

  /** Tells whether {@link #sync} has nothing to do. */
  boolean isDurable() {
    return durable;
  }

  /**
   * Hands the record and the names of the task's files to the disk, and then sees to the copy.
   * Blocks for as long as the disk takes. Changes of the record do not wait for it.
   */
  void sync(Machine machine) throws IOException {
    syncing.lock();
    try {
      if (!durable && isAlive()) {
        sync(machine, record);
      }
    } finally {
      syncing.unlock();
    }
  }

  private void sync(Machine machine, TaskRecord synced) throws IOException {
    Path directory = Optional.ofNullable(file.getParent()).orElseThrow();
    Path tasks = Optional.ofNullable(directory.getParent()).orElseThrow();
    try (FileChannel channel = machine.open(file, StandardOpenOption.WRITE)) {
      machine.sync(file, channel);
    }
    machine.syncDirectory(directory);
    machine.syncDirectory(tasks);
    if (synced.pinned()) {
      syncCopy(machine, synced);
      machine.syncDirectory(directory);
    }
    lock.lock();
    try {
      checkAlive(); // else the copy is that of the next task
      if (record.equals(synced)) { // else the next sync sees to it
        if (!synced.pinned()) {
          Files.deleteIfExists(copy(file));
        }
        durable = true;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Writes the copy. While the disk syncs it the task may end, and the next one have its path. */
  private void syncCopy(Machine machine, TaskRecord synced) throws IOException {
    Path fresh;
    lock.lock();
    try {
      checkAlive();
      fresh = OwnerOnly.fresh(copy(file), bytes(synced));
    } finally {
      lock.unlock();
    }
    OwnerOnly.sync(fresh, machine);
    lock.lock();
    try {
      checkAlive();
      Files.move(fresh, copy(file), StandardCopyOption.ATOMIC_MOVE);
      Files.setLastModifiedTime(copy(file), FileTime.from(lastUse));
    } finally {
      lock.unlock();
    }
  }

  private boolean isAlive() {
    lock.lock();
    try {
      return !ended;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void checkAlive() throws IOException {
    if (ended) {
      throw new IOException("task %s is no longer stored".formatted(record.task().id().brief()));
    }
  }

  Instant lastUse() {
    return lastUse;
  }

  void used(Instant when) throws IOException {
    lock.lock();
    try {
      checkAlive();
      Files.setLastModifiedTime(file, FileTime.from(when));
      lastUse = when;
    } finally {
      lock.unlock();
    }
  }

  private static Instant mtime(Path file) throws IOException {
    return Files.getLastModifiedTime(file).toInstant();
  }

  private static byte[] bytes(TaskRecord content) throws IOException {
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(toJson(content));
  }

  private static ObjectNode toJson(TaskRecord content) {
    Task task = content.task();
    ObjectNode json = JSON.createObjectNode();
    json.put("format", FORMAT);
    json.put("id", task.id().hex());
    json.put("key", task.key().hex());
    json.put("pieceLength", task.layout().pieceLength());
    task.layout().length().ifPresent(length -> json.put("length", length));
    task.version().validator().ifPresent(validator -> json.put("sourceValidator", validator));
    task.version().length().ifPresent(length -> json.put("sourceLength", length));
    task.digest().ifPresent(digest -> json.put("digest", digest.toString()));
    content.url().ifPresent(url -> json.put("url", url));
    content.bootId().ifPresent(boot -> json.put("boot", boot));
    if (content.pinned()) {
      json.put("pinned", true);
    }
    content.linkedOut().ifPresent(linked -> json.set("linkedOut", toJson(linked)));
    return json;
  }

  private static ObjectNode toJson(LinkedOut linked) {
    ObjectNode json = JSON.createObjectNode();
    json.put("linkable", linked.linkable());
    linked
        .stamp()
        .ifPresent(
            stamp ->
                json.put("inode", stamp.inode())
                    .put("size", stamp.size())
                    .put("ctimeNanos", stamp.changedNanos())
                    .put("mtimeNanos", stamp.modifiedNanos())
                    .put("rights", stamp.rights()));
    return json;
  }

  private static TaskRecord parse(JsonNode json) {
    if (json.path("format").asInt() != FORMAT) {
      throw new IllegalArgumentException("there is no such format");
    }
    Task task =
        new Task(
            new TaskId(text(json, "id").orElse("")),
            new TaskKey(text(json, "key").orElse("")),
            new PieceLayout(json.path("pieceLength").asInt(), number(json, "length")),
            new SourceVersion(text(json, "sourceValidator"), number(json, "sourceLength")),
            text(json, "digest").map(Digest::parse));
    return new TaskRecord(
        task,
        text(json, "url"),
        text(json, "boot"),
        json.path("pinned").asBoolean(),
        json.has("linkedOut")
            ? Optional.of(parseLinkedOut(json.get("linkedOut")))
            : Optional.empty());
  }

  private static LinkedOut parseLinkedOut(JsonNode json) {
    Optional<FileStamp> stamp =
        json.has("inode")
            ? Optional.of(
                new FileStamp(
                    json.path("inode").asLong(),
                    json.path("size").asLong(),
                    json.path("ctimeNanos").asLong(),
                    json.path("mtimeNanos").asLong(),
                    json.path("rights").asText()))
            : Optional.empty();
    return new LinkedOut(stamp, json.path("linkable").asBoolean());
  }

  private static Optional<String> text(JsonNode json, String name) {
    JsonNode value = json.path(name);
    return value.isTextual() ? Optional.of(value.asText()) : Optional.empty();
  }

  private static OptionalLong number(JsonNode json, String name) {
    JsonNode value = json.path(name);
    return value.canConvertToLong() ? OptionalLong.of(value.asLong()) : OptionalLong.empty();
  }
}
