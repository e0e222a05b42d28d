package io.dragonfly.transport.http.internal.reach;

import static org.assertj.core.api.Assertions.assertThat;

import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a server may write into Retry-After. */
class RetryAfterCheckTest {
  @ParameterizedTest
  @CsvSource({"120,120", "999999999,999999999", "2147483648,", "1202147483647,", "soon,soon"})
  void aNumberThatIsTooLargeIsTakenAway(String sent, String seen) throws Exception {
    OkHttpClient client =
        new OkHttpClient.Builder().addNetworkInterceptor(new RetryAfterCheck()).build();
    try (MockWebServer server = new MockWebServer()) {
      server.start();
      server.enqueue(new MockResponse.Builder().code(503).addHeader("Retry-After", sent).build());
      Request request = new Request.Builder().url(server.url("/")).build();
      try (Response response = client.newCall(request).execute()) {
        assertThat(response.code()).isEqualTo(503);
        assertThat(response.header("Retry-After")).isEqualTo(seen);
      }
    }
  }
}
