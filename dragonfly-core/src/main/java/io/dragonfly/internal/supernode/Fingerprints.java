package io.dragonfly.internal.supernode;

import io.dragonfly.internal.cdn.Access;
import io.dragonfly.spi.Requester;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tells whether two requests have the same credentials, without keeping any: an HMAC over the whole
 * URL and all headers, with a key that lives as long as this process. Immutable.
 */
final class Fingerprints {
  private final SecretKeySpec key;

  Fingerprints(SecureRandom random) {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    key = new SecretKeySpec(bytes, "HmacSHA256");
  }

  /**
   * Returns the request with its fingerprint.
   *
   * @param requester part of the fingerprint: what one may read, another may not
   */
  Access access(ContentRequest content, Requester requester) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      add(mac, requester.name());
      add(mac, content.url().toString());
      for (Headers.Header header : content.headers().list()) {
        add(mac, header.name());
        add(mac, header.value());
      }
      return new Access(content, requester, HexFormat.of().formatHex(mac.doFinal()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no HmacSHA256", e);
    }
  }

  // Lengths are part of what is hashed, so that no two lists of texts give the same bytes.
  private static void add(Mac mac, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    mac.update((bytes.length + "\n").getBytes(StandardCharsets.UTF_8));
    mac.update(bytes);
  }
}
