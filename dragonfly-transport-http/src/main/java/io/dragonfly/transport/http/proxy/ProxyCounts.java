package io.dragonfly.transport.http.proxy;

/**
 * What a proxy has done since it was started.
 *
 * @param requests requests that were answered or given up, of all kinds
 * @param p2pRequests those that were answered through the swarm, at least their beginning
 * @param p2pBytes bytes of bodies that came through the swarm
 * @param directBytes bytes of bodies that came directly from where the URL says, or from the home
 *     while no supernode answers
 * @param fallbacks requests for which the swarm failed, and that were read directly from there on
 * @param corruptBodies bodies that were ended early since they had not the digest in their URL
 * @param tokenRequests requests for tokens that were sent
 * @param refused requests that were refused by a rule, as a loop, or as malformed
 * @param tunnels blind tunnels that were opened
 */
public record ProxyCounts(
    long requests,
    long p2pRequests,
    long p2pBytes,
    long directBytes,
    long fallbacks,
    long corruptBodies,
    long tokenRequests,
    long refused,
    long tunnels) {}
