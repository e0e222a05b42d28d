package io.dragonfly.examples.dfget;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.error.StorageException;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.thin.Place;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.ToIntFunction;

/** How the commands about a home get at it: through its server where one runs, else by its lock. */
final class HomeLease {
  private final Call call;
  private final PeerHost host;

  HomeLease(Call call, PeerHost host) {
    this.call = call;
    this.host = host;
  }

  /** Returns the home that the call names. Where it has a server, that knows better. */
  private Path home() {
    try {
      return call.directory().resolve(Place.of(call.arguments()).home().toPath());
    } catch (IOException e) {
      throw new StorageException("The home cannot be found: %s".formatted(e.getMessage()), e);
    }
  }

  /** Does something with the peer of the home; its wait ends when the caller is gone. */
  int use(ToIntFunction<DistributionClient> work) {
    PeerSettings wanted =
        new PeerSettings(
            ClientConfig.builder().home(home()).build(), Optional.empty(), Optional.empty());
    try (PeerHost.Lease lease = host.lend(wanted)) {
      Thread waiting = Thread.currentThread();
      call.onGone(waiting::interrupt);
      return work.applyAsInt(lease.client());
    }
  }
}
