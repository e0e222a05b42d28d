package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.internal.queue.KeyedBudget;
import io.dragonfly.internal.queue.Place;
import io.netty.channel.group.ChannelGroup;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * What all connections of a proxy share.
 *
 * @param manifests how many bytes of manifests by tag are held to be verified
 * @param certificates those for interception, if anything is intercepted
 * @param nanoClock the time, as of {@link System#nanoTime}
 */
record ProxyParts(
    ProxyLimits limits,
    Hosts hosts,
    Routing routing,
    OwnAddresses own,
    LocalPages pages,
    Tokens tokens,
    PlainCalls calls,
    PlainWay plain,
    Contents contents,
    OfflineAnswers offline,
    KeyedBudget<Place> manifests,
    Optional<Certificates> certificates,
    VerifiedHosts verified,
    ProxyThreads threads,
    ChannelGroup channels,
    RunningWork work,
    Counters counters,
    LongSupplier nanoClock) {}
