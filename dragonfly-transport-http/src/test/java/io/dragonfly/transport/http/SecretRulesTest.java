package io.dragonfly.transport.http;

import io.dragonfly.testkit.SecretRules;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import okhttp3.HttpUrl;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;

class SecretRulesTest {
  @Test
  void noRecordTellsASecret() {
    SecretRules.of(Path.of("target/classes"))
        .sample(
            HttpHeaders.class, new DefaultHttpHeaders().add("Authorization", SecretRules.SECRET))
        // Those of token services are kept without user and password.
        .sample(HttpUrl.class, HttpUrl.get("https://host/p?service=s"))
        .sample(X509Certificate.class, new HeldCertificate.Builder().build().certificate())
        .noRecordTellsASecret(20);
  }
}
