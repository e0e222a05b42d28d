package io.dragonfly.internal.transfer;

import io.dragonfly.control.Holding;
import io.dragonfly.control.Queued;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.StorageException;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.internal.transfer.swarm.Pushed;
import io.dragonfly.internal.transfer.swarm.Supernodes;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.TaskKey;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds the task by registering at a supernode. */
final class SupernodeLookup extends TaskLookup {
  private final Optional<Pushed> push;
  private final Parts parts;
  private final Downloads downloads;
  private Supernodes.@Nullable Registering registration;

  /**
   * Registers for a request.
   *
   * @param push what admits this peer instead of the request's credentials
   */
  SupernodeLookup(FetchRequest request, Optional<Pushed> push, Parts parts, Downloads downloads) {
    super(request);
    this.push = push;
    this.parts = parts;
    this.downloads = downloads;
  }

  @Override
  void ask() {
    TaskKey key = content().key();
    parts.loop().when(parts.store().call(() -> holdings(key)), this::register, this::failed);
  }

  /** Whoever asks with credentials must not get what this peer alone was admitted to. */
  @Override
  boolean isFor(FetchRequest other) {
    return push.isEmpty() && super.isFor(other);
  }

  private List<Holding> holdings(TaskKey key) {
    Stream<StoredTask> versions =
        push.isPresent()
            ? parts.storage().find(push.get().push().task()).stream()
            : parts.storage().versions(key).stream();
    return versions
        .map(stored -> new Holding(stored.task().id(), stored.pieces()))
        .filter(holding -> !holding.pieces().isEmpty())
        .toList();
  }

  private void register(List<Holding> holdings) {
    if (isOver()) {
      return;
    }
    boolean gives = pattern() == FetchMode.P2P;
    registration =
        parts
            .supernodes()
            .register(
                new Supernodes.Registration(
                    content(),
                    request().range(),
                    holdings,
                    gives,
                    request().supernodePatience(),
                    push));
    parts.loop().when(registration.answer(), this::registered, this::failed);
  }

  private void registered(Supernodes.Registered registered) {
    if (isOver()) {
      decline(registered);
      return;
    }
    downloads.open(
        registered.answer().task(),
        download -> {
          if (isOver()) {
            decline(registered);
          } else {
            download.swarm().join(registered);
            found(download);
            download.swarm().catchUp();
          }
        },
        failure -> {
          decline(registered);
          failed(failure);
        });
  }

  private static void decline(Supernodes.Registered registered) {
    registered.link().decline(registered.answer().task().id());
  }

  private void failed(Throwable failure) {
    if (!isOver()) {
      failed(
          failure instanceof DistributionException typed
              ? typed
              : new StorageException("The store in the home directory fails: " + failure, failure),
          downloads);
    }
  }

  @Override
  Optional<Queued> queued() {
    return registration == null ? Optional.empty() : registration.queued().get();
  }

  @Override
  void cancelProbe() {
    if (registration != null) {
      registration.answer().cancel(true);
    }
  }
}
