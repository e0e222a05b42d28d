package io.dragonfly.internal.transfer;

import io.dragonfly.internal.access.AnonymousReads;
import io.dragonfly.internal.access.ChildAddresses;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.internal.storage.AccessTimes;
import io.dragonfly.internal.transfer.intake.DownloadContext;
import io.dragonfly.internal.transfer.intake.DownloadQueue;
import io.dragonfly.internal.transfer.swarm.Supernodes;
import io.dragonfly.internal.writing.DiskWriter;
import io.dragonfly.peer.PeerId;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.Storage;
import io.dragonfly.task.TaskId;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Function;

/**
 * What all downloads of one client share.
 *
 * @param loop owns the downloads' state
 * @param io runs what blocks
 * @param callbacks runs the code of the client's user
 * @param store runs what changes the list of stored tasks, one after the other
 * @param storage the store
 * @param writer writes pieces to it
 * @param takes what takes need
 * @param line starts takes
 * @param supernodes where to register; may be empty
 * @param sources gives the source for a URL scheme, or says how to get one
 * @param limits makes a download's own limiter
 * @param bounds what the client may use in all
 * @param listener hears of every step; guarded
 * @param self this peer's id where there is no supernode: each supernode knows it by another one
 * @param addresses the addresses that pieces are taken from
 * @param sealed is told of each piece that can be served now
 * @param ended is told of each task that can no longer be served
 * @param accesses hears of what is fetched
 * @param anonymous knows what sources give to everybody
 * @param random numbers from 0 on and before 1
 * @param times how long things may take
 */
record Parts(
    EventLoop loop,
    IoThreads io,
    Callbacks callbacks,
    IoThreads store,
    Storage storage,
    DiskWriter writer,
    DownloadContext.Engine takes,
    DownloadQueue line,
    Supernodes supernodes,
    Function<String, Source> sources,
    Function<Optional<Rate>, RateLimiter> limits,
    Setup.Limits bounds,
    GuardedListener listener,
    PeerId self,
    ChildAddresses addresses,
    BiConsumer<TaskId, Integer> sealed,
    Consumer<TaskId> ended,
    AccessTimes accesses,
    AnonymousReads anonymous,
    DoubleSupplier random,
    TransferTimes times) {
  /** Returns the client's limit for all downloads. */
  RateLimiter downloads() {
    return bounds.downloads();
  }
}
