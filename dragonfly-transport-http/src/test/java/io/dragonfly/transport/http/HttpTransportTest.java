package io.dragonfly.transport.http;

import io.dragonfly.spi.Transport;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.TransportContract;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;

/** The transport over HTTP keeps the contract, with each kind of event loop. */
@ExtendWith(LeakCheck.class)
class HttpTransportTest {

  @Nested
  @EnabledOnOs(OS.LINUX)
  class WithEpoll extends TransportContract {
    @Override
    protected Transport create() {
      return HttpTransport.builder().eventLoop(HttpTransport.EventLoop.EPOLL).threads(2).build();
    }
  }

  @Nested
  class WithNio extends TransportContract {
    @Override
    protected Transport create() {
      return HttpTransport.builder().eventLoop(HttpTransport.EventLoop.NIO).threads(2).build();
    }
  }
}
