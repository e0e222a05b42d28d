package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.SourceFailedException;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.testkit.LeakCheck;
import java.nio.file.Path;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import okio.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Who takes any certificate of a source, and who does not, in one swarm. */
@ExtendWith(LeakCheck.class)
class InsecureTest {
  private static final byte[] CONTENT = TestFile.random("file", 300_000).bytes();

  @TempDir Path dir;

  @Test
  void whoDoesNotVerifyGivesNothingToThoseWhoDo() throws Exception {
    HeldCertificate own =
        new HeldCertificate.Builder().ecdsa256().addSubjectAlternativeName("127.0.0.1").build();
    try (Swarm swarm = Swarm.start(dir, 3);
        MockWebServer source = new MockWebServer()) {
      source.useHttps(
          new HandshakeCertificates.Builder().heldCertificate(own).build().sslSocketFactory());
      source.setDispatcher(new Answering());
      source.start();
      String url = "https://127.0.0.1:" + source.getPort() + "/file";
      swarm.client(0).fetch(request(url, "first").insecure(true).build());

      assertThatThrownBy(() -> swarm.client(1).fetch(request(url, "second").build()))
          .isInstanceOf(SourceFailedException.class);

      assertThat(dir.resolve("second")).doesNotExist();
      assertThat(swarm.client(1).tasks()).isEmpty();
      FetchResult verified =
          swarm.client(2).fetch(request(url, "third").caCertificate(own.certificatePem()).build());
      assertThat(dir.resolve("third")).hasBinaryContent(CONTENT);
      assertThat(swarm.client(2).tasks().get(0).task())
          .isNotEqualTo(swarm.client(0).tasks().get(0).task());
      assertThat(verified.bytesFromPeers()).isZero();
    }
  }

  private FetchRequest.Builder request(String url, String name) {
    return FetchRequest.builder(url).output(dir.resolve(name));
  }

  private static final class Answering extends Dispatcher {
    @Override
    public MockResponse dispatch(RecordedRequest request) {
      boolean isProbe = "bytes=0-0".equals(request.getHeaders().get("Range"));
      MockResponse.Builder answer = new MockResponse.Builder().addHeader("ETag", "\"v1\"");
      return isProbe
          ? answer
              .code(206)
              .addHeader("Content-Range", "bytes 0-0/" + CONTENT.length)
              .body(new Buffer().write(CONTENT, 0, 1))
              .build()
          : answer.body(new Buffer().write(CONTENT)).build();
    }
  }
}
