package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.queue.KeyedBudget;
import io.netty.channel.group.ChannelGroup;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What all connections of a proxy share.
 *
 * @param manifests how many bytes of manifests by tag are held to be verified
 * @param certificates those for interception, if anything is intercepted
 * @param nanoClock the time, as of {@link System#nanoTime}
 * @param security is told of refusals
 */
record ProxyParts(
    ProxyLimits limits,
    Hosts hosts,
    Routing routing,
    OwnAddresses own,
    LocalPages pages,
    Tokens tokens,
    DirectCalls calls,
    DirectUpstream plain,
    Contents contents,
    OfflineAnswers offline,
    KeyedBudget<HostKey> manifests,
    Optional<Certificates> certificates,
    VerifiedHosts verified,
    ProxyThreads threads,
    ChannelGroup channels,
    RunningWork work,
    Counters counters,
    LongSupplier nanoClock,
    Consumer<SecurityEvent> security) {
  /**
   * Counts a refusal, and tells of it if it matters for security.
   *
   * @param what the request, without anything secret
   */
  void refused(ProxyRefusal refusal, RequestOrigin arrival, String what) {
    counters.refused.increment();
    refusal
        .event()
        .ifPresent(
            kind ->
                security.accept(
                    SecurityEvent.refused(kind, "", arrival.client(), what, refusal.getMessage())));
  }
}
