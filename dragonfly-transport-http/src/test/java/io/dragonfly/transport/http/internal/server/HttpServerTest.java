package io.dragonfly.transport.http.internal.server;

import io.dragonfly.transport.http.internal.loop.EventLoops;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What the server does with clients of all kinds, with each kind of event loop. */
class HttpServerTest {

  @Nested
  @EnabledOnOs(OS.LINUX)
  class WithEpoll {
    @Nested
    class Requests extends HttpServerRequests {
      @Override
      EventLoops loops() {
        return EventLoops.epoll(1);
      }
    }

    @Nested
    class Clients extends HttpServerClients {
      @Override
      EventLoops loops() {
        return EventLoops.epoll(1);
      }
    }

    @Nested
    class Shares extends HttpServerShares {
      @Override
      EventLoops loops() {
        return EventLoops.epoll(1);
      }
    }

    @Nested
    class Rates extends HttpServerRates {
      @Override
      EventLoops loops() {
        return EventLoops.epoll(1);
      }
    }

    @Nested
    class Attacks extends HttpServerAttacks {
      @Override
      EventLoops loops() {
        return EventLoops.epoll(1);
      }
    }
  }

  @Nested
  class WithNio {
    @Nested
    class Requests extends HttpServerRequests {
      @Override
      EventLoops loops() {
        return EventLoops.nio(1);
      }
    }

    @Nested
    class Clients extends HttpServerClients {
      @Override
      EventLoops loops() {
        return EventLoops.nio(1);
      }
    }

    @Nested
    class Shares extends HttpServerShares {
      @Override
      EventLoops loops() {
        return EventLoops.nio(1);
      }
    }

    @Nested
    class Rates extends HttpServerRates {
      @Override
      EventLoops loops() {
        return EventLoops.nio(1);
      }
    }

    @Nested
    class Attacks extends HttpServerAttacks {
      @Override
      EventLoops loops() {
        return EventLoops.nio(1);
      }
    }
  }
}
