package io.dragonfly.internal.preheat;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.Preheat;
import io.dragonfly.control.PreheatRequest;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.access.Tickets;
import io.dragonfly.internal.cdn.CdnTask;
import io.dragonfly.internal.cdn.DaemonThreads;
import io.dragonfly.internal.cdn.Sources;
import io.dragonfly.peer.Peer;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.Source;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The preheats of a supernode. A few run at a time and the others wait; the last ones are
 * remembered, without their credentials. Safe for concurrent use; only {@link #close} blocks.
 */
public final class Preheats implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Preheats.class);

  static final int MOST_REMEMBERED = 100;
  private static final int WALKS = 2;
  private static final int READS = 8;
  private static final int ID_BYTES = 8;

  private final Parts parts;
  private final Reading reading;
  private final ExecutorService walks = DaemonThreads.pool("dragonfly-supernode-preheat", WALKS);
  private final ExecutorService reads = DaemonThreads.pool("dragonfly-preheat-read", READS);

  /** In the order in which they were asked for. */
  @GuardedBy("this")
  private final Map<String, PreheatJob> jobs = new LinkedHashMap<>();

  /**
   * What preheats need of a supernode.
   *
   * @param supernode its calls, as a peer of this machine makes them
   * @param cached finds what the CDN cache has of a task
   * @param peers who may fetch it, too
   * @param requester for whom sources are read
   * @param knowsPeers tells whether peers prove that they belong to the fleet: none other is told
   * @param tickets makes the tickets of the supernode
   * @param stall how long a source may be silent
   */
  public record Parts(
      Supplier<SupernodeApi> supernode,
      Function<TaskId, Optional<CdnTask>> cached,
      Peers peers,
      Sources sources,
      Supplier<Requester> requester,
      BooleanSupplier knowsPeers,
      Tickets tickets,
      Duration stall,
      InstantSource clock,
      SecureRandom random) {}

  /** The peers of the supernode. */
  public interface Peers {
    /** Returns those that fetch what they are told to. */
    List<Peer> willing();

    /** Tells the chosen ones, as far as they do such things; returns how many. */
    int tell(PushedFile file, Predicate<Peer> chosen);
  }

  /** Preheats of one supernode. */
  public Preheats(Parts parts) {
    this.parts = parts;
    this.reading = new Reading(parts.sources(), parts.stall(), parts.requester());
  }

  /**
   * Begins one.
   *
   * @param peers who is to fetch it, too
   * @throws BusyException if too many have not ended yet
   * @throws CallRefusedException if no source reads such URLs, nobody that a name means would fetch
   *     it, or peers do not prove that they belong to the fleet
   * @throws IllegalArgumentException if a name of a peer is none
   */
  public Preheat start(PreheatRequest request, List<String> peers) {
    ChosenPeers chosen = new ChosenPeers(peers);
    if (request instanceof PreheatRequest.File file) {
      Source unused = parts.sources().of(file.content());
    }
    checkPeersAreKnown(chosen);
    chosen.checkAnyOf(parts.peers().willing());
    PreheatJob job = new PreheatJob(newId(), request.display(), chosen, parts.clock());
    remember(job);
    LOG.info("preheat {} of {} is asked for", job.id(), job.what());
    try {
      job.works(walks.submit(() -> run(job, request)));
    } catch (RejectedExecutionException e) {
      throw new SupernodeUnreachableException("The supernode is stopping.", e);
    }
    return job.now();
  }

  /** What a preheat reads with credentials must not go to everybody who says that he is a peer. */
  private void checkPeersAreKnown(ChosenPeers chosen) {
    if (!chosen.isEmpty() && !parts.knowsPeers().getAsBoolean()) {
      throw new CallRefusedException(
          "Peers are told to fetch nothing, since nothing shows which of them belong to the fleet:"
              + " everybody who reaches this supernode can be one. Start it and its peers with"
              + " --join-token-file, or with client certificates (--tls-ca), or preheat the"
              + " supernode alone.");
    }
  }

  private String newId() {
    byte[] id = new byte[ID_BYTES];
    parts.random().nextBytes(id);
    return HexFormat.of().formatHex(id);
  }

  private synchronized void remember(PreheatJob job) {
    if (jobs.size() >= MOST_REMEMBERED) {
      Optional<String> oldest =
          jobs.values().stream().filter(PreheatJob::isOver).map(PreheatJob::id).findFirst();
      if (oldest.isEmpty()) {
        throw new BusyException(
            "%d preheats have not ended yet: wait until one has, or cancel one."
                .formatted(MOST_REMEMBERED));
      }
      jobs.remove(oldest.get());
    }
    jobs.put(job.id(), job);
  }

  /** Returns how one is, if it is remembered. */
  public Optional<Preheat> find(String id) {
    return job(id).map(PreheatJob::now);
  }

  private synchronized Optional<PreheatJob> job(String id) {
    return Optional.ofNullable(jobs.get(id));
  }

  /** Returns all that are remembered, the last one first. */
  public List<Preheat> list() {
    List<Preheat> list = new ArrayList<>();
    synchronized (this) {
      jobs.values().forEach(job -> list.add(0, job.now()));
    }
    return list;
  }

  /**
   * Ends one if it has not ended; what it has read stays. Returns how it is then, if it is known.
   */
  public Optional<Preheat> cancel(String id) {
    Optional<PreheatJob> job = job(id);
    if (job.isPresent() && job.get().cancel()) {
      LOG.info("preheat {} of {} is cancelled", id, job.get().what());
    }
    return job.map(PreheatJob::now);
  }

  private void run(PreheatJob job, PreheatRequest request) {
    if (!job.begin()) {
      return;
    }
    work(
        job,
        () -> {
          if (request instanceof PreheatRequest.File file) {
            readAll(job, List.of(file.content()), (content, use) -> use.with(content));
          } else {
            PreheatRequest.Image image = (PreheatRequest.Image) request;
            RegistryLogin login =
                new RegistryLogin(reading, image.login(), image.trust(), !image.plainHttp());
            readAll(job, new ImageWalk(image, reading, login).contents(), login::use);
          }
        });
  }

  /** Shows what the source wants to see. */
  private interface Access {
    Object use(ContentRequest content, RegistryLogin.Use<Object> use) throws InterruptedException;
  }

  private void readAll(PreheatJob job, Collection<ContentRequest> contents, Access access) {
    job.has(contents.size());
    int number = 0;
    for (ContentRequest content : contents) {
      int place = number++;
      job.works(reads.submit(() -> work(job, () -> read(job, place, content, access))));
    }
  }

  private void read(PreheatJob job, int place, ContentRequest content, Access access)
      throws InterruptedException {
    Object unused =
        access.use(
            content,
            with -> {
              Task task =
                  new ContentPreheat(parts.supernode().get(), parts.cached(), parts.random())
                      .read(with, bytes -> job.came(place, bytes));
              if (!job.peers().isEmpty()) {
                PushedFile file = new PushedFile(with.displayUrl(), task, parts.tickets());
                job.told(parts.peers().tell(file, job.peers()));
              }
              return with;
            });
    job.oneIsDone();
    if (job.isOver()) {
      LOG.info("preheat {} of {} is done: {}", job.id(), job.what(), job.now());
    }
  }

  /** A part of a job. */
  private interface Work {
    void run() throws InterruptedException;
  }

  private static void work(PreheatJob job, Work work) {
    try {
      work.run();
    } catch (InterruptedException e) {
      LOG.debug("preheat {} was ended", job.id());
    } catch (DistributionException e) {
      if (!job.isOver()) {
        LOG.warn("preheat {} of {} failed: {}", job.id(), job.what(), e.getMessage());
      }
      job.failed(e);
    } catch (RuntimeException e) {
      LOG.error("preheat {} of {} failed", job.id(), job.what(), e);
      job.failed(new SupernodeUnreachableException("The supernode failed, see its log.", e));
    }
  }

  /** Ends all of them and waits until their threads are gone. */
  @Override
  public void close() {
    List<PreheatJob> all;
    synchronized (this) {
      all = List.copyOf(jobs.values());
    }
    walks.shutdown();
    reads.shutdown();
    all.forEach(PreheatJob::cancel);
    DaemonThreads.awaitEnd(walks, reads);
  }
}
