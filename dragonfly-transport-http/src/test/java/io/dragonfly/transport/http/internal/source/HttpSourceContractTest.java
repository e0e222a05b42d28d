package io.dragonfly.transport.http.internal.source;

import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.testkit.FreePorts;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.SourceContract;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** The http source keeps the contract of every source. */
@ExtendWith(LeakCheck.class)
class HttpSourceContractTest extends SourceContract {
  private final PublishedFiles files = new PublishedFiles();
  private final MockWebServer server = new MockWebServer();
  private int published;

  @BeforeEach
  void startServer() throws IOException {
    server.setDispatcher(files);
    server.start();
  }

  @AfterEach
  void stopServer() {
    server.close();
  }

  @Override
  protected Source create() {
    return new HttpSource(new SourceConfig("dragonfly-test"), Map.of());
  }

  @Override
  protected URI publish(byte[] content) {
    URI uri = missing();
    files.put(uri.getPath(), content);
    return uri;
  }

  @Override
  protected void replace(URI uri, byte[] content) {
    files.put(uri.getPath(), content);
  }

  @Override
  protected URI missing() {
    return server.url("/" + published++).uri();
  }

  @Override
  protected Optional<URI> publishFor(String authorization, byte[] content) {
    return put(content, authorization, UnaryOperator.identity());
  }

  @Override
  protected Optional<URI> publishCut(byte[] content, int end) {
    return put(content, "", answer -> PublishedFiles.cut(answer, content, end));
  }

  @Override
  protected Optional<URI> publishLonger(byte[] content, int announced) {
    return put(content, "", answer -> answer.setHeader("Content-Length", announced));
  }

  @Override
  protected Optional<URI> publishSilent(byte[] content, int end) {
    return put(content, "", answer -> PublishedFiles.silent(answer, content, end));
  }

  @Override
  protected Optional<URI> mute() {
    return put(new byte[1], "", answer -> answer.onResponseStart(SocketEffect.Stall.INSTANCE));
  }

  @Override
  protected Optional<URI> unreachable() {
    return Optional.of(URI.create("http://127.0.0.1:" + FreePorts.next() + "/"));
  }

  private Optional<URI> put(
      byte[] content, String authorization, UnaryOperator<MockResponse.Builder> spoil) {
    URI uri = missing();
    files.put(uri.getPath(), content, authorization, spoil);
    return Optional.of(uri);
  }
}
