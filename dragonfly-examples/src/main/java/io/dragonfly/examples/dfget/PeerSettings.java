package io.dragonfly.examples.dfget;

import io.dragonfly.ClientConfig;
import java.time.Duration;
import java.util.Optional;

/**
 * What a command line says about the peer.
 *
 * @param client the settings of the peer itself; what is left at its default was not asked for
 * @param aliveTime how long the peer serves others after its last use; zero in a server is for ever
 * @param expireTime how long the peer keeps a finished file that nobody uses
 */
public record PeerSettings(
    ClientConfig client, Optional<Duration> aliveTime, Optional<Duration> expireTime) {}
