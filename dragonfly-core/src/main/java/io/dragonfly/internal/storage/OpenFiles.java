package io.dragonfly.internal.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files that are open because somebody uses them, and a bounded number that nobody uses right now.
 * Who reads and who writes a file have a channel each: an interrupt that closes the one (that is
 * what {@link FileChannel}s do) leaves the other alone. A channel that got closed is replaced for
 * the next user. Safe for concurrent use; opens and closes outside its lock.
 */
final class OpenFiles implements Closeable {
  private static final Logger log = LoggerFactory.getLogger(OpenFiles.class);

  /** What a file is open for. */
  enum Use {
    READ(StandardOpenOption.READ),
    WRITE(StandardOpenOption.WRITE);

    private final StandardOpenOption option;

    Use(StandardOpenOption option) {
      this.option = option;
    }
  }

  private record Key(Path file, Use use) {}

  private static final class Handle {
    private final FileChannel channel;
    private int users = 1;

    /** Whether the last user closes it, since it is no longer in the table. */
    private boolean leaving;

    Handle(FileChannel channel) {
      this.channel = channel;
    }
  }

  /**
   * One use of an open file. The channel is shared: reads and writes are positional, unless all who
   * use its own position have a lock for that.
   */
  final class Lease implements Closeable {
    private final Handle handle;
    private boolean released;

    private Lease(Handle handle) {
      this.handle = handle;
    }

    FileChannel channel() {
      return handle.channel;
    }

    /** Ends this use. Safe to call twice. */
    @Override
    public void close() {
      release(this);
    }
  }

  private final int mostIdle;
  private final Machine machine;
  private final Object lock = new Object();

  /** In the order of use, the one used longest ago first. */
  @GuardedBy("lock")
  private final Map<Key, Handle> table = new LinkedHashMap<>(16, 0.75f, true);

  @GuardedBy("lock")
  private final Set<Handle> leavingInUse = new HashSet<>();

  @GuardedBy("lock")
  private int idle;

  /** Counts calls of {@link #forget}: what was opened before one of them may be another file. */
  @GuardedBy("lock")
  private long forgotten;

  @GuardedBy("lock")
  private boolean closed;

  OpenFiles(int mostIdle, Machine machine) {
    this.mostIdle = mostIdle;
    this.machine = machine;
  }

  /**
   * Opens a file that exists, or shares it.
   *
   * @throws IOException if it cannot be opened, or this table is closed
   */
  Lease open(Path file, Use use) throws IOException {
    Key key = new Key(file, use);
    Optional<Lease> lease = Optional.empty();
    while (lease.isEmpty()) {
      long before;
      synchronized (lock) {
        lease = share(key);
        before = forgotten;
      }
      if (lease.isEmpty()) {
        lease = keep(key, machine.open(file, use.option), before);
      }
    }
    return lease.get();
  }

  /** Tells whether {@link #open} would share a file that is open, so that it does not block. */
  boolean isOpen(Path file, Use use) {
    synchronized (lock) {
      Handle handle = table.get(new Key(file, use));
      return handle != null && handle.channel.isOpen();
    }
  }

  /** Shares a file that was just opened, unless it may have been replaced meanwhile. */
  private Optional<Lease> keep(Key key, FileChannel channel, long before) throws IOException {
    Handle handle = new Handle(channel);
    List<FileChannel> toClose = new ArrayList<>();
    boolean kept;
    boolean tooLate;
    synchronized (lock) {
      tooLate = closed;
      kept = !tooLate && forgotten == before;
      if (kept) {
        leave(table.put(key, handle), toClose);
      } else {
        toClose.add(channel);
      }
    }
    closeAll(toClose);
    if (tooLate) {
      throw closedException();
    }
    return kept ? Optional.of(new Lease(handle)) : Optional.empty();
  }

  @GuardedBy("lock")
  private Optional<Lease> share(Key key) throws IOException {
    if (closed) {
      throw closedException();
    }
    Handle handle = table.get(key);
    if (handle == null || !handle.channel.isOpen()) {
      return Optional.empty();
    }
    if (handle.users++ == 0) {
      idle--;
    }
    return Optional.of(new Lease(handle));
  }

  private void release(Lease lease) {
    List<FileChannel> toClose = new ArrayList<>();
    synchronized (lock) {
      if (lease.released) {
        return;
      }
      lease.released = true;
      Handle handle = lease.handle;
      if (--handle.users > 0) {
        return;
      }
      if (handle.leaving) {
        leavingInUse.remove(handle);
        toClose.add(handle.channel);
      } else {
        idle++;
        evict(toClose);
      }
    }
    closeAll(toClose);
  }

  @GuardedBy("lock")
  private void evict(List<FileChannel> toClose) {
    for (Iterator<Handle> i = table.values().iterator(); idle > mostIdle && i.hasNext(); ) {
      Handle handle = i.next();
      if (handle.users == 0) {
        i.remove();
        idle--;
        toClose.add(handle.channel);
      }
    }
  }

  /** Closes a file, or leaves that to those who use it now; who opens it later gets it anew. */
  void forget(Path file) {
    List<FileChannel> toClose = new ArrayList<>();
    synchronized (lock) {
      forgotten++;
      for (Use use : Use.values()) {
        leave(table.remove(new Key(file, use)), toClose);
      }
    }
    closeAll(toClose);
  }

  @GuardedBy("lock")
  private void leave(@Nullable Handle handle, List<FileChannel> toClose) {
    if (handle == null) {
      return;
    }
    handle.leaving = true;
    if (handle.users > 0) {
      leavingInUse.add(handle);
    } else {
      idle--;
      toClose.add(handle.channel);
    }
  }

  /** Closes all files, those in use included. */
  @Override
  public void close() {
    List<FileChannel> toClose = new ArrayList<>();
    synchronized (lock) {
      closed = true;
      table.values().forEach(handle -> toClose.add(handle.channel));
      leavingInUse.forEach(handle -> toClose.add(handle.channel));
      table.clear();
      leavingInUse.clear();
      idle = 0;
    }
    closeAll(toClose);
  }

  private static void closeAll(List<FileChannel> channels) {
    for (FileChannel channel : channels) {
      try {
        channel.close();
      } catch (IOException e) {
        log.warn("could not close a file: {}", e.toString());
      }
    }
  }

  private static IOException closedException() {
    return new IOException("the storage is closed");
  }
}
