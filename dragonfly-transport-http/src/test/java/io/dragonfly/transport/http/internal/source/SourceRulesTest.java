package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.HostRules;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.transport.http.internal.reach.AddressGuard;
import io.dragonfly.transport.http.internal.reach.HostGuard;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attempts to have a supernode read what only it can reach, and what operators say about it. */
class SourceRulesTest extends SourceTest {
  private void rules(List<String> allow, List<String> deny) {
    source.close();
    source = new HttpSource(new SourceConfig("test", HostRules.of(allow, deny)), Map.of());
  }

  private static SourceRequest forAnother(URI uri) {
    return new SourceRequest(
        ContentRequest.of(uri), Duration.ofSeconds(10), Requester.PRIVATE_NETWORK);
  }

  private URI at(String host) {
    return URI.create("http://%s:%d/file".formatted(host, server.getPort()));
  }

  @Test
  void whatIsAllowedIsReadWhereverItIs() throws Exception {
    rules(List.of("127.0.0.1"), List.of());
    enqueue(part("bytes 0-0/3", "x"));
    assertThat(source.ask(forAnother(at("127.0.0.1"))).length()).hasValue(3);
  }

  @Test
  void aNameThatIsAllowedDoesNotLeadToThisMachine() {
    rules(List.of("localhost"), List.of("*"));
    assertRefused(at("localhost"), "loopback");
  }

  @Test
  void onlyWhatIsAllowedIsReadIfAllIsDenied() {
    rules(List.of("127.0.0.1"), List.of("*"));
    assertRefused(at("localhost"), "source-deny");
    assertRefused(at("127.0.0.2"), "source-deny");
    assertRefused(at("2130706433"), "source-deny");
  }

  @Test
  void aNetworkThatIsDeniedIsDeniedInAllItsForms() throws Exception {
    HostGuard guard = new HostGuard(HostRules.of(List.of(), List.of("10.0.0.0/8")));
    for (String address : List.of("10.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::1")) {
      InetAddress parsed = InetAddress.getByName(address);
      assertThatThrownBy(() -> guard.check(parsed, Requester.PRIVATE_NETWORK))
          .isInstanceOf(AddressGuard.RefusedException.class)
          .hasMessageContaining("source-deny");
    }
    guard.check(InetAddress.getByName("192.0.2.1"), Requester.PRIVATE_NETWORK);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.2/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0251.0376.0251.0376/",
        "http://metadata.google.internal.localhost/"
      })
  void noRedirectLeadsThere(String target) {
    rules(List.of("127.0.0.1"), List.of());
    enqueue(answer(302).addHeader("Location", target));
    assertThatThrownBy(() -> source.ask(forAnother(at("127.0.0.1"))))
        .isInstanceOf(SourceFailedException.class);
    assertThat(server.getRequestCount()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "017700000001"})
  void noSpellingOfThisMachineIsReadForAnother(String host) {
    assertThatThrownBy(() -> source.ask(forAnother(at(host))))
        .isInstanceOfAny(SourceFailedException.class, IllegalArgumentException.class);
    assertThat(server.getRequestCount()).isZero();
  }

  @Test
  void noConnectionIsSharedByRequestersWithDifferentRights() throws Exception {
    rules(List.of("127.0.0.1"), List.of());
    ContentRequest content = ContentRequest.of(at("127.0.0.1"));
    for (Requester requester : Requester.values()) {
      enqueue(part("bytes 0-0/3", "x"));
      source.ask(new SourceRequest(content, Duration.ofSeconds(10), requester));
      assertThat(taken().getExchangeIndex()).as("requests before that of %s", requester).isZero();
    }
  }

  /** A name may be looked up twice, with two answers: what counts is what is connected to. */
  @Test
  void whatAnAddressWasBeforeDoesNotCount() throws Exception {
    HostGuard guard = new HostGuard(HostRules.of(List.of("rebound.example"), List.of()));
    guard.checkName("rebound.example", false, Requester.PRIVATE_NETWORK);
    try (Socket socket =
        new SourceSocket.Factory(address -> guard.check(address, Requester.PRIVATE_NETWORK))
            .createSocket()) {
      InetSocketAddress now =
          new InetSocketAddress(
              InetAddress.getByAddress("rebound.example", new byte[] {127, 0, 0, 1}),
              server.getPort());
      assertThatThrownBy(() -> socket.connect(now, 1_000))
          .isInstanceOf(AddressGuard.RefusedException.class);
    }
    assertThat(server.getRequestCount()).isZero();
  }

  private void assertRefused(URI uri, String why) {
    assertThatThrownBy(() -> source.ask(forAnother(uri)))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining(why);
    assertThat(server.getRequestCount()).isZero();
  }
}
