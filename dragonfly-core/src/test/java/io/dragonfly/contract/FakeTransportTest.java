package io.dragonfly.contract;

import io.dragonfly.spi.Transport;
import io.dragonfly.testkit.FakeNetwork;
import io.dragonfly.testkit.FakeTransport;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.TransportContract;
import org.junit.jupiter.api.extension.ExtendWith;

/** The fake keeps the contract that it is used to test against. */
@ExtendWith(LeakCheck.class)
class FakeTransportTest extends TransportContract {
  private final FakeNetwork network = new FakeNetwork();

  @Override
  protected Transport create() {
    return new FakeTransport(network);
  }
}
