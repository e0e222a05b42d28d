package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.task.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.Buffer;
import okio.BufferedSource;

/**
 * Compares a manifest by tag with the digest that its registry itself says it has: nothing else
 * tells that something between here and the registry has changed it.
 */
final class TaggedManifest {
  private static final Pattern SHA_256 = Pattern.compile("sha256:([0-9a-f]{64})");

  /** Its registry names the digest of a part of it. */
  private static final Pattern SCHEMA_1 = Pattern.compile("\"schemaVersion\"\\s*:\\s*1\\b");

  private TaggedManifest() {}

  /** The bytes are not those that the registry named. */
  static final class CorruptException extends IOException {
    private static final long serialVersionUID = 1L;

    CorruptException(Digest named, Digest actual) {
      super(
          "the manifest has the digest %s, and its registry says %s. If this comes again, push the"
                  .formatted(actual, named)
              + " image anew.");
    }
  }

  /**
   * Returns how many bytes of an answer {@link #verified} may hold. None of what is no manifest,
   * names no digest, or is longer than a manifest may be: it cannot be compared.
   */
  static long heldBytes(Response response) {
    long length = response.body().contentLength();
    boolean isCompared =
        response.code() == 200
            && named(response).isPresent()
            && !isCoded(response)
            && length <= ProxyLimits.MANIFEST_BYTES;
    if (!isCompared) {
      return 0;
    }
    return length < 0 ? ProxyLimits.MANIFEST_BYTES : Math.max(1, length);
  }

  /**
   * Returns an answer with the same bytes, which have been read and compared. One that cannot be
   * compared is returned as it is.
   *
   * @throws CorruptException if they are others than the registry says
   */
  static Response verified(Response response) throws IOException {
    Optional<Digest> named = named(response);
    if (named.isEmpty() || heldBytes(response) == 0) {
      return response;
    }
    BufferedSource source = response.body().source();
    if (source.request(ProxyLimits.MANIFEST_BYTES + 1L)) {
      return response;
    }
    Buffer bytes = new Buffer();
    bytes.writeAll(source);
    MessageDigest sha = Digest.newSha256();
    sha.update(bytes.snapshot().asByteBuffer());
    Digest actual = Digest.of(sha);
    if (!actual.equals(named.get()) && !isOfSchema1(bytes)) {
      throw new CorruptException(named.get(), actual);
    }
    ResponseBody body = ResponseBody.create(bytes, response.body().contentType(), bytes.size());
    return response.newBuilder().body(body).build();
  }

  private static Optional<Digest> named(Response response) {
    String text = response.header("Docker-Content-Digest");
    Matcher matcher = SHA_256.matcher(text == null ? "" : text);
    return matcher.matches()
        ? Optional.of(new Digest(Digest.SHA256, matcher.group(1)))
        : Optional.empty();
  }

  private static boolean isCoded(Response response) {
    String coding = response.header("Content-Encoding");
    return coding != null && !coding.equalsIgnoreCase("identity");
  }

  private static boolean isOfSchema1(Buffer bytes) {
    return SCHEMA_1.matcher(bytes.snapshot().string(StandardCharsets.UTF_8)).find();
  }
}
