package io.dragonfly.transport.http.internal.proxy;

import io.netty.channel.group.ChannelGroup;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * What all connections of a proxy share.
 *
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
    Optional<Certificates> certificates,
    VerifiedHosts verified,
    ProxyThreads threads,
    ChannelGroup channels,
    RunningWork work,
    Counters counters,
    LongSupplier nanoClock) {}
