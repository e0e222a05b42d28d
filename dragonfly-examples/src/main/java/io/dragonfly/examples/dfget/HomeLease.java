package io.dragonfly.examples.dfget;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.dragonfly.ClientConfig;
import io.dragonfly.error.StorageException;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Commands;
import io.dragonfly.examples.thin.DataDirectoryFinder;
import java.io.IOException;
import java.nio.file.Files;
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
      return DataDirectoryFinder.of(call.arguments(), call.directory().toString()).toPath();
    } catch (IOException e) {
      throw new StorageException("The home cannot be found: %s".formatted(e.getMessage()), e);
    }
  }

  /**
   * Does something with what the home holds; its wait ends when the caller is gone. A home that is
   * not there is not made.
   */
  int use(ToIntFunction<HomeContent> work) {
    Path home = home();
    if (!host.outlivesCalls() && Files.notExists(home)) {
      say("home %s does not exist, so it holds nothing".formatted(home));
      return work.applyAsInt(HomeContent.NOTHING);
    }
    PeerSettings wanted =
        new PeerSettings(
            ClientConfig.builder().home(home).build(), Optional.empty(), Optional.empty());
    try (PeerHost.Lease lease = host.lend(wanted)) {
      Thread waiting = Thread.currentThread();
      call.onGone(waiting::interrupt);
      return work.applyAsInt(HomeContent.of(lease.client()));
    }
  }

  private void say(String line) {
    try {
      call.err().write(("dfget: " + Commands.oneLine(line) + "\n").getBytes(UTF_8));
    } catch (IOException e) {
      // nobody reads it; the answer says the same
    }
  }
}
