package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.Trust;
import java.io.InputStream;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import okhttp3.HttpUrl;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which certificates are taken for good. */
class HttpSourceTlsTest extends SourceTest {
  private static final HeldCertificate CA =
      new HeldCertificate.Builder().certificateAuthority(0).build();
  private static final HeldCertificate OTHER_CA =
      new HeldCertificate.Builder().certificateAuthority(0).build();

  @BeforeEach
  void useTls() {
    HeldCertificate certificate =
        new HeldCertificate.Builder()
            .addSubjectAlternativeName(server.getHostName())
            .signedBy(CA)
            .build();
    server.useHttps(
        new HandshakeCertificates.Builder()
            .heldCertificate(certificate)
            .build()
            .sslSocketFactory());
  }

  private SourceRequest request(Trust trust, HttpUrl url) {
    return request(
        new ContentRequest(
            url.uri(), List.of(), Optional.empty(), Optional.empty(), Headers.NONE, trust));
  }

  private SourceRequest request(boolean insecure, HeldCertificate... cas) {
    List<String> pems = List.of(cas).stream().map(HeldCertificate::certificatePem).toList();
    return request(new Trust(insecure, pems), server.url("/file"));
  }

  @Test
  void anUnknownCertificateIsRefused() {
    for (SourceRequest request : List.of(request(false), request(false, OTHER_CA))) {
      assertThatThrownBy(() -> source.ask(request))
          .isInstanceOf(SourceFailedException.class)
          .hasMessageContaining("no trusted TLS connection");
    }
    assertThat(server.getRequestCount()).isZero();
  }

  @Test
  void aGivenCaIsTrusted() throws Exception {
    enqueue(part("bytes 0-0/3", "x"), part("bytes 0-0/3", "x"));
    assertThat(source.ask(request(false, CA))).isEqualTo(version(TAG, 3));
    // Several in one file, with what tools write around them.
    String bundle = "# two of them\n" + OTHER_CA.certificatePem() + "\n" + CA.certificatePem();
    Trust trust = new Trust(false, List.of(bundle));
    assertThat(source.ask(request(trust, server.url("/file")))).isEqualTo(version(TAG, 3));
  }

  @Test
  void anotherNameIsRefused() {
    HttpUrl url = server.url("/file").newBuilder().host("127.0.0.1").build();
    Trust trust = new Trust(false, List.of(CA.certificatePem()));
    assertThatThrownBy(() -> source.ask(request(trust, url)))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("127.0.0.1 not verified")
        .hasMessageNotContaining("\n");
  }

  @Test
  void insecureTakesEachCertificateAndName() throws Exception {
    enqueue(part("bytes 0-0/3", "x"));
    HttpUrl url = server.url("/file").newBuilder().host("127.0.0.1").build();
    assertThat(source.ask(request(new Trust(true, List.of()), url))).isEqualTo(version(TAG, 3));
  }

  @Test
  void whoVerifiesNeverUsesAConnectionOfWhoDoesNot() throws Exception {
    enqueue(part("bytes 0-0/3", "x"));
    source.ask(request(true));
    assertThatThrownBy(() -> source.ask(request(false)))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("no trusted TLS connection");
  }

  @Test
  void connectionsAreUsedAgainByWhoVerifiesAlike() throws Exception {
    enqueue(part("bytes 0-0/3", "x"), part("bytes 0-0/3", "x"));
    source.ask(request(false, CA));
    source.ask(request(false, CA));
    taken();
    assertThat(taken().getExchangeIndex()).isEqualTo(1);
  }

  @Test
  void readsALotThroughTls() throws Exception {
    enqueue(answer(200).body(zeros(5 << 20)));
    try (InputStream in = source.open(request(false, CA)).stream()) {
      assertThat(in.readAllBytes()).hasSize(5 << 20);
    }
  }

  @Test
  void aCaThatIsNoneIsAnError() {
    for (String pem : List.of("", "nonsense", CA.certificatePem().substring(0, 200))) {
      assertThatThrownBy(
              () -> source.ask(request(new Trust(false, List.of(pem)), server.url("/file"))))
          .isInstanceOf(SourceFailedException.class)
          .hasMessageContaining("CA certificate");
    }
  }

  @Test
  void aRedirectToPlainHttpIsNotFollowed() {
    enqueue(answer(302).addHeader("Location", "http://host/file?signature=hush"));
    assertThatThrownBy(() -> source.ask(request(true)))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("from https to plain http at host")
        .hasMessageNotContaining("hush");
  }

  @Test
  void plainHttpToATlsPortIsAnError() {
    URI plain = URI.create("http://127.0.0.1:" + server.getPort() + "/file");
    assertThatThrownBy(() -> source.ask(request(ContentRequest.of(plain))))
        .isInstanceOf(SourceFailedException.class);
  }
}
