package io.dragonfly.internal.supernode;

import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.internal.access.ShownCapabilities;
import io.dragonfly.internal.cdn.CdnSettings;
import io.dragonfly.internal.cdn.Sources;
import io.dragonfly.internal.loop.ActiveClock;
import io.dragonfly.internal.loop.ForwardClock;
import io.dragonfly.internal.serve.StoredPieceService;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.Storage;
import io.dragonfly.task.Digest;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.FirstComeScheduler;
import io.dragonfly.testkit.MemoryStorage;
import io.dragonfly.testkit.UnlimitedRates;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** A supernode of fakes: source, storage and time are the test's. */
final class TestSupernode implements AutoCloseable {
  static final URI FILE = URI.create("fake://host/file");
  static final URI OTHER = URI.create("fake://host/other");
  static final int PIECE = 128 << 10;

  final FakeTicker ticker;
  final FakeSource source;
  final Storage storage;
  final StoredPieceService pieces;
  final SupernodeService service;
  final SupernodeApi api;
  private final Sources sources;

  /** What a test may want to be otherwise. */
  static final class Setup {
    FakeTicker ticker = new FakeTicker();
    FakeSource source = new FakeSource();
    Storage storage = new MemoryStorage();
    Scheduler scheduler = new FirstComeScheduler();
    RateLimiter uploads = new UnlimitedRates().create(Optional.empty());
    PeerSecret secret = PeerSecret.random(new SecureRandom());
    byte[] ticketKey = "ticket key of a test".getBytes(StandardCharsets.UTF_8);
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 8002);
    JoinRules rules = JoinRules.OPEN;
    int backToSourcePeers = 3;
    int sourceConcurrency = 32;
    double sharePerAddress = 0.05;
    Duration offlineTtl = Duration.ZERO;
    Duration accessTtl = Duration.ofSeconds(60);
    CdnSettings.Keeping keeping = CdnSettings.Keeping.ALL;
    SupernodeListener listener = SupernodeListener.NONE;

    Setup source(FakeSource other) {
      source = other;
      return this;
    }

    Setup rules(JoinRules other) {
      rules = other;
      return this;
    }

    Setup listener(SupernodeListener other) {
      listener = other;
      return this;
    }

    TestSupernode start() {
      return new TestSupernode(this);
    }
  }

  private TestSupernode(Setup setup) {
    ticker = setup.ticker;
    ForwardClock clock = new ForwardClock(ticker.clock(), ticker);
    source = setup.source;
    storage = setup.storage;
    pieces =
        new StoredPieceService(
            storage,
            new ShownCapabilities(setup.secret.capabilityKey()),
            clock::instant,
            setup.uploads,
            4,
            ticker,
            ticker.timer());
    sources = new Sources(Map.of("fake", source), new SourceConfig("test"));
    SupernodeSettings settings =
        new SupernodeSettings(
            "",
            Duration.ofSeconds(15),
            Duration.ofSeconds(90),
            setup.backToSourcePeers,
            setup.sourceConcurrency,
            Duration.ofSeconds(30),
            Duration.ofSeconds(10),
            setup.accessTtl,
            setup.sharePerAddress,
            setup.offlineTtl);
    service =
        new SupernodeService(
            setup.secret,
            setup.ticketKey,
            setup.address,
            setup.rules,
            settings,
            CdnSettings.of(
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                new UnlimitedRates().create(Optional.empty()),
                setup.keeping),
            new SupernodeService.Parts(
                storage,
                sources,
                setup.scheduler,
                pieces,
                ticker.timer(),
                clock,
                ticker,
                ActiveClock.of(ticker, ticker.timer()),
                new SecureRandom(),
                setup.listener));
    api = service.local().api();
  }

  static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  static Digest sha256(byte[] bytes) {
    MessageDigest sha = Digest.newSha256();
    sha.update(bytes);
    return Digest.of(sha);
  }

  @Override
  public void close() {
    service.close();
    pieces.close();
    sources.close();
  }
}
