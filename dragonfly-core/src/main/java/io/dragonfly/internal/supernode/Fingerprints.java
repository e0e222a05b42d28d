package io.dragonfly.internal.supernode;

import io.dragonfly.internal.cdn.Access;
import io.dragonfly.spi.Requester;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tells whether two requests are the same with the same credentials, without keeping any: an HMAC
 * over all of it, with a key that lives as long as this process. Immutable.
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
    String credentials = credentials(content);
    Mac mac = newMac();
    add(mac, requester.name());
    add(mac, content.url().toString());
    add(mac, content.digest().map(Digest::toString).orElse(""));
    add(mac, content.identifier().orElse(""));
    add(mac, credentials);
    return new Access(content, requester, hex(mac), credentials);
  }

  private String credentials(ContentRequest content) {
    Mac mac = newMac();
    addAll(mac, content.filter());
    addAll(mac, content.trust().caCertificates());
    add(mac, Boolean.toString(content.trust().insecure()));
    for (Headers.Header header : content.headers().list()) {
      add(mac, header.name());
      add(mac, header.value());
    }
    return hex(mac);
  }

  private Mac newMac() {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no HmacSHA256", e);
    }
  }

  private static String hex(Mac mac) {
    return HexFormat.of().formatHex(mac.doFinal());
  }

  private static void addAll(Mac mac, List<String> texts) {
    add(mac, Integer.toString(texts.size()));
    texts.forEach(text -> add(mac, text));
  }

  // Lengths are part of what is hashed, so that no two lists of texts give the same bytes.
  private static void add(Mac mac, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    mac.update((bytes.length + "\n").getBytes(StandardCharsets.UTF_8));
    mac.update(bytes);
  }
}
