package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Of two supernodes one answers, but not as a supernode does. */
@ExtendWith(LeakCheck.class)
@Timeout(90)
class WrongSupernodeTest {
  @TempDir Path dir;

  static Stream<MockResponse> answers() {
    return Stream.of(
        new MockResponse.Builder().code(500).body("a defect").build(),
        new MockResponse.Builder().code(404).body("<html>not here</html>").build(),
        new MockResponse.Builder().code(503).body("<html>a proxy's page</html>").build(),
        new MockResponse.Builder().body("{\"task\":{\"id\":7},\"ticket\":[]}").build(),
        new MockResponse.Builder().body("[".repeat(1 << 20)).build());
  }

  @ParameterizedTest
  @MethodSource("answers")
  void theOtherOneIsAsked(MockResponse answer) throws Exception {
    try (MockWebServer wrong = new MockWebServer();
        SwarmSource source = new SwarmSource();
        Supernode right =
            new Supernode(
                SupernodeConfig.builder().homeDir(dir.resolve("supernode")).port(0).build())) {
      wrong.setDispatcher(
          new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) {
              return answer;
            }
          });
      wrong.start();
      InetSocketAddress bad = new InetSocketAddress("127.0.0.1", wrong.getPort());
      try (DistributionClient client =
          new DistributionClient(
              ClientConfig.builder()
                  .home(dir.resolve("home"))
                  .supernodes(List.of(bad, right.address().orElseThrow()))
                  .build())) {
        for (int i = 0; i < 4; i++) { // each of the two comes first for some of them
          TestFile file = source.publish(TestFile.random("file" + i, 300_000));
          Path output = dir.resolve("out" + i);
          FetchResult result =
              client.fetch(FetchRequest.builder(source.url(file)).output(output).build());
          assertThat(file.hasSameBytes(output)).isTrue();
          assertThat(result.bytesFromSupernode()).isEqualTo(file.length());
        }
      }
    }
  }
}
