package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.transport.http.proxy.ProxyCounts;
import java.util.concurrent.atomic.LongAdder;

/** Counts what a proxy does. Safe for concurrent use. */
final class Counters {
  final LongAdder requests = new LongAdder();
  final LongAdder p2pRequests = new LongAdder();
  final LongAdder p2pBytes = new LongAdder();
  final LongAdder directBytes = new LongAdder();
  final LongAdder fallbacks = new LongAdder();
  final LongAdder corruptBodies = new LongAdder();
  final LongAdder tokenRequests = new LongAdder();
  final LongAdder refused = new LongAdder();
  final LongAdder tunnels = new LongAdder();

  ProxyCounts now() {
    return new ProxyCounts(
        requests.sum(),
        p2pRequests.sum(),
        p2pBytes.sum(),
        directBytes.sum(),
        fallbacks.sum(),
        corruptBodies.sum(),
        tokenRequests.sum(),
        refused.sum(),
        tunnels.sum());
  }

  /** Returns the counts in the text format of Prometheus. */
  String toPrometheus() {
    ProxyCounts now = now();
    StringBuilder text = new StringBuilder();
    add(text, "requests", "Requests answered or given up.", now.requests());
    add(text, "p2p_requests", "Requests answered through the swarm.", now.p2pRequests());
    add(text, "p2p_bytes", "Bytes of bodies that came through the swarm.", now.p2pBytes());
    add(text, "direct_bytes", "Bytes of bodies that came directly.", now.directBytes());
    add(text, "fallbacks", "Requests for which the swarm failed.", now.fallbacks());
    add(text, "corrupt_bodies", "Bodies without the digest in their URL.", now.corruptBodies());
    add(text, "token_requests", "Requests for tokens that were sent.", now.tokenRequests());
    add(text, "refused", "Requests refused by a rule, as a loop or as malformed.", now.refused());
    add(text, "tunnels", "Blind tunnels that were opened.", now.tunnels());
    return text.toString();
  }

  private static void add(StringBuilder text, String name, String help, long value) {
    String metric = "dragonfly_proxy_" + name + "_total";
    text.append("# HELP ").append(metric).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(metric).append(" counter\n");
    text.append(metric).append(' ').append(value).append('\n');
  }
}
