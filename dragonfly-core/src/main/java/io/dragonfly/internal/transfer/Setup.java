package io.dragonfly.internal.transfer;

import io.dragonfly.fetch.FetchListener;
import io.dragonfly.internal.access.JoinToken;
import io.dragonfly.internal.history.History;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.supernode.LocalSupernode;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.MonitorService;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.Transport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What an engine is made of. All of it stays its owner's and outlives the engine.
 *
 * @param self who this peer is
 * @param plugins what can be replaced
 * @param supernodes whom it belongs to
 * @param limits what it may use
 * @param times how long things may take
 * @param listener hears of every step
 * @param history has what is written down of fetches
 * @param monitor tells machines how the process is
 * @param timers its time
 */
public record Setup(
    Self self,
    Plugins plugins,
    Supernodes supernodes,
    Limits limits,
    TransferTimes times,
    FetchListener listener,
    History history,
    MonitorService monitor,
    Timers timers) {
  /**
   * Who this peer is.
   *
   * @param secret names and proves it
   * @param ip the address that it serves on and calls from
   * @param port the port that it serves on; 0 lets the system choose
   * @param zone its zone; empty if it does not say
   * @param acceptsPreheats whether it fetches what operators of supernodes want it to have
   */
  public record Self(
      PeerSecret secret, InetAddress ip, int port, String zone, boolean acceptsPreheats) {}

  /**
   * What can be replaced.
   *
   * @param storage keeps pieces
   * @param transport carries pieces; needed where there is a supernode
   * @param sources gives the source for a URL scheme
   * @param limiters makes limiters
   */
  public record Plugins(
      Storage storage,
      Optional<Transport> transport,
      Function<String, Source> sources,
      Function<Optional<Rate>, RateLimiter> limiters) {}

  /**
   * Whom this peer belongs to; none means that it reads sources itself.
   *
   * @param local a supernode in this process, which is asked first
   * @param addresses others
   * @param token what those others and this peer prove to each other to have, if anything
   * @param tickets those of this peer's registrations
   */
  public record Supernodes(
      Optional<LocalSupernode> local,
      List<InetSocketAddress> addresses,
      Optional<JoinToken> token,
      KeptTickets tickets) {
    boolean isEmpty() {
      return local.isEmpty() && addresses.isEmpty();
    }
  }

  /**
   * What this peer may use.
   *
   * @param downloads the limiter of all that it takes from the network
   * @param uploads the limiter of all that it gives
   * @param bufferBytes memory for what waits for the disk
   * @param quotaBytes what all tasks together take up on the disk at most
   * @param taskTtl how long a task is kept that nobody uses; zero for ever
   */
  public record Limits(
      RateLimiter downloads,
      RateLimiter uploads,
      long bufferBytes,
      long quotaBytes,
      Duration taskTtl) {}
}
