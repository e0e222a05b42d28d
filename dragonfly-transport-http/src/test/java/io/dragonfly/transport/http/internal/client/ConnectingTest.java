package io.dragonfly.transport.http.internal.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.SocketFactory;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.Connection;
import okhttp3.ConnectionPool;
import okhttp3.EventListener;
import okhttp3.Handshake;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.Route;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Calls over OkHttp to a real server; the test says when a connection is made, or that it is not.
 */
@ExtendWith(LeakCheck.class)
class ConnectingTest {
  private final MockWebServer server = new MockWebServer();
  private final Connecting connecting = new Connecting(new ConnectionPool(8, 30, TimeUnit.SECONDS));
  private final SlowSockets sockets = new SlowSockets();
  private final OkHttpClient http =
      new OkHttpClient.Builder()
          .connectionPool(connecting.pool())
          .eventListenerFactory(call -> connecting.listener())
          .socketFactory(sockets)
          .retryOnConnectionFailure(false)
          .build();
  private final List<String> begun = new CopyOnWriteArrayList<>();
  private final List<String> ended = new CopyOnWriteArrayList<>();

  @BeforeEach
  void start() throws IOException {
    http.dispatcher().setMaxRequestsPerHost(64);
    server.start(InetAddress.getLoopbackAddress(), 0);
    for (int i = 0; i < 10; i++) {
      server.enqueue(new MockResponse.Builder().build());
    }
  }

  @AfterEach
  void stop() throws IOException {
    http.dispatcher().executorService().shutdown();
    connecting.pool().evictAll();
    server.close();
  }

  @Test
  void twoAreMadeAtOnceAndWhatIsUrgentGoesFirst() {
    begin("a", "b", "c", "d");
    connecting.begin(() -> call("urgent"), true);
    await().until(() -> sockets.connecting.get() == 2);
    assertThat(begun).containsExactly("a", "b");

    sockets.answers.add(true);
    // All end but those whose connection is still being made. That is "b", and "urgent" unless it
    // was in time for the connection that "a" gave back.
    await().until(() -> ended.size() >= 3);
    assertThat(begun.get(2)).isEqualTo("urgent");
    assertThat(sockets.most.get()).isEqualTo(2);

    sockets.answers.addAll(List.of(true, true));
    await().until(() -> ended.size() == 5);
  }

  @Test
  void whereNobodyListensAllFindOut() {
    begin("a", "b", "c", "d", "e");
    await().until(() -> sockets.connecting.get() == 2);

    sockets.answers.add(false);

    await().until(() -> sockets.connecting.get() == 4);
    assertThat(begun).hasSize(5);
    sockets.answers.addAll(List.of(false, false, false, false));
    await().until(() -> ended.size() == 5);
  }

  @Test
  void oneThatIsCancelledSaysNothingOfOthers() {
    List<Call> calls = new ArrayList<>();
    for (String name : List.of("a", "b", "c", "d")) {
      connecting.begin(() -> calls.add(call(name)), false);
    }
    await().until(() -> sockets.connecting.get() == 2);

    calls.get(0).cancel();

    await().until(() -> ended.contains("a"));
    assertThat(begun).containsExactly("a", "b", "c");
    sockets.answers.addAll(List.of(true, true, true));
    await().until(() -> ended.size() == 4);
  }

  @Test
  void oneThatCannotBeginTakesNobodysTurn() {
    for (int i = 0; i < 3; i++) {
      connecting.begin(
          () -> {
            throw new OutOfMemoryError("no thread");
          },
          false);
    }
    sockets.answers.addAll(List.of(true, true));
    begin("a", "b");
    await().until(() -> ended.size() == 2);
  }

  @Test
  void whoConnectsOnceMoreIsCountedAgainUntilItsEnd() {
    EventListener events = connecting.listener();
    Call call = http.newCall(new Request.Builder().url(server.url("/")).build());
    connecting.begin(() -> begun.add("events"), false);
    events.connectionAcquired(call, new NoConnection());
    connectStart(events, call);
    begin("a", "b", "c");
    assertThat(begun).containsExactly("events", "a");

    events.callEnd(call);
    connectStart(events, call); // on a thread of its own, too late to be called off
    assertThat(begun).containsExactly("events", "a", "b");
    sockets.answers.addAll(List.of(true, true, true));
    await().until(() -> ended.size() == 3);
    ConnectionPool pool = connecting.pool();
    await().until(() -> pool.idleConnectionCount() == pool.connectionCount());
    pool.evictAll();
    begin("d", "e");
    assertThat(begun).hasSize(6);
    sockets.answers.addAll(List.of(true, true));
    await().until(() -> ended.size() == 5);
  }

  private static void connectStart(EventListener events, Call call) {
    events.connectStart(call, new InetSocketAddress(0), Proxy.NO_PROXY);
  }

  private static final class NoConnection implements Connection {
    @Override
    public Route route() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Socket socket() {
      throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable Handshake handshake() {
      return null;
    }

    @Override
    public Protocol protocol() {
      return Protocol.HTTP_1_1;
    }
  }

  @Test
  void whatIsForgottenDoesNotBegin() {
    begin("a", "b");
    Runnable given = () -> call("given up");
    connecting.begin(given, false);
    begin("c");

    connecting.forget(given);

    sockets.answers.addAll(List.of(true, true, true));
    await().until(() -> ended.size() == 3);
    assertThat(begun).containsExactly("a", "b", "c");
  }

  private void begin(String... names) {
    for (String name : names) {
      connecting.begin(() -> call(name), false);
    }
  }

  private Call call(String name) {
    begun.add(name);
    Call call = http.newCall(new Request.Builder().url(server.url("/" + name)).build());
    call.enqueue(
        new Callback() {
          @Override
          public void onFailure(Call failed, IOException e) {
            ended.add(name);
          }

          @Override
          public void onResponse(Call answered, Response response) {
            response.close();
            ended.add(name);
          }
        });
    return call;
  }

  /** Sockets that connect when the test says so, or are refused. */
  private static final class SlowSockets extends SocketFactory {
    private final BlockingQueue<Boolean> answers = new LinkedBlockingQueue<>();
    private final AtomicInteger connecting = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

    @Override
    public Socket createSocket() {
      return new Socket() {
        @Override
        public void connect(SocketAddress address, int millis) throws IOException {
          most.accumulateAndGet(connecting.incrementAndGet(), Math::max);
          try {
            if (!answer()) {
              throw new ConnectException("refused");
            }
            super.connect(address, millis);
          } finally {
            connecting.decrementAndGet();
          }
        }

        private boolean answer() throws IOException {
          try {
            Boolean answer = null;
            while (answer == null) {
              if (isClosed()) {
                throw new SocketException("closed meanwhile");
              }
              answer = answers.poll(10, TimeUnit.MILLISECONDS);
            }
            return answer;
          } catch (InterruptedException e) {
            throw new InterruptedIOException();
          }
        }
      };
    }

    @Override
    public Socket createSocket(String host, int port) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Socket createSocket(InetAddress host, int port) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) {
      throw new UnsupportedOperationException();
    }
  }
}
