package io.dragonfly.task;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which content a user asks for, with all that its source needs to know. Immutable. {@link
 * #toString} has neither the query nor header values, since both may be secret.
 *
 * @param url where the content is
 * @param filter names of query parameters that do not choose the content, such as signatures
 * @param digest the digest that the whole content must have
 * @param identifier a name of the user's own that tells versions apart
 * @param headers sent to the source; those that choose the content are part of its key
 * @param trust which certificates of the source are trusted
 */
public record ContentRequest(
    URI url,
    List<String> filter,
    Optional<Digest> digest,
    Optional<String> identifier,
    Headers headers,
    Trust trust) {

  /**
   * They say who asks or how the bytes travel, not which content is asked for. Accept-Encoding is
   * none of them: a source is free to answer it with other bytes.
   */
  private static final Set<String> NOT_CHOOSING =
      Set.of(
          "user-agent",
          "range",
          "if-range",
          "connection",
          "host",
          "date",
          "cache-control",
          "pragma",
          "te",
          "traceparent",
          "tracestate",
          "x-request-id",
          "x-forwarded-for",
          "forwarded",
          "via");

  private static final Pattern OCI_BLOB =
      Pattern.compile("/v2/.+/(?:blobs|manifests)/sha256:([0-9a-f]{64})");

  /**
   * Checks the URL. A digest in its path, as in {@code /v2/NAME/blobs/sha256:...}, becomes the
   * digest of the request.
   *
   * @throws IllegalArgumentException if the URL is not absolute or has a user name in it, or the
   *     digest that its path names is not the one given
   */
  public ContentRequest {
    filter = List.copyOf(filter);
    if (url.getScheme() == null || url.getRawAuthority() == null) {
      throw new IllegalArgumentException(
          "'%s' is not an absolute URL".formatted(withoutQuery(url)));
    }
    if (url.getRawUserInfo() != null) {
      throw new IllegalArgumentException(
          "a URL must not hold a user name or password: send an Authorization header instead");
    }
    Optional<Digest> inPath = digestInPath(url);
    if (inPath.isPresent()) {
      if (digest.isPresent()
          && digest.get().algorithm().equals(Digest.SHA256)
          && !digest.equals(inPath)) {
        throw new IllegalArgumentException(
            "the URL names %s, but %s was asked for".formatted(inPath.get(), digest.get()));
      }
      digest = inPath;
    }
  }

  /** A request for a URL and nothing else. */
  public static ContentRequest of(URI url) {
    return new ContentRequest(
        url, List.of(), Optional.empty(), Optional.empty(), Headers.NONE, Trust.PLATFORM);
  }

  /** Returns this request with other headers. */
  public ContentRequest withHeaders(Headers other) {
    return new ContentRequest(url, filter, digest, identifier, other, trust);
  }

  /**
   * Names the content: SHA-256 over the URL without filtered parameters and fragment, the digest or
   * identifier, the headers that choose the content, and the trust settings. Where the URL's path
   * names a digest, authority and digest stand for the whole URL and its headers.
   */
  public TaskKey key() {
    MessageDigest sha = Digest.newSha256();
    if (digestInPath(url).isPresent()) {
      add(sha, "blob", authority());
    } else {
      add(sha, "url", filteredUrl());
      headers.list().stream()
          .filter(h -> !h.isCredential())
          .filter(h -> !NOT_CHOOSING.contains(h.name().toLowerCase(Locale.ROOT)))
          .map(h -> h.name().toLowerCase(Locale.ROOT) + ":" + h.value())
          .sorted()
          .forEach(line -> add(sha, "header", line));
    }
    digest.ifPresent(d -> add(sha, "digest", d.toString()));
    identifier.ifPresent(i -> add(sha, "identifier", i));
    add(sha, "insecure", Boolean.toString(trust.insecure()));
    trust.caCertificates().stream().sorted().forEach(pem -> add(sha, "ca", pem));
    return new TaskKey(Digest.of(sha).hex());
  }

  /**
   * Tells whether the source chooses its answer by a header of this request that is no part of the
   * key.
   *
   * @param vary the names of the headers that the source chooses by, in lower case; {@code *} for
   *     whatever it likes
   */
  public boolean isVariedBeyondKey(Set<String> vary) {
    return headers.list().stream()
        .filter(h -> h.isCredential() || NOT_CHOOSING.contains(h.name().toLowerCase(Locale.ROOT)))
        .anyMatch(h -> vary.contains("*") || vary.contains(h.name().toLowerCase(Locale.ROOT)));
  }

  /**
   * Tells whether the request may say who asks: by a {@linkplain Headers#hasCredentials header}, or
   * by a parameter that is filtered.
   */
  public boolean hasCredentials() {
    return headers.hasCredentials() || !filteredUrl().equals(withoutFragment(url));
  }

  private String authority() {
    return url.getScheme().toLowerCase(Locale.ROOT)
        + "://"
        + url.getRawAuthority().toLowerCase(Locale.ROOT);
  }

  private String filteredUrl() {
    String path = authority() + (url.getRawPath() == null ? "" : url.getRawPath());
    if (url.getRawQuery() == null) {
      return path;
    }
    String query =
        Arrays.stream(url.getRawQuery().split("&", -1))
            .filter(parameter -> !filter.contains(parameter.split("=", 2)[0]))
            .collect(Collectors.joining("&"));
    return query.isEmpty() && !filter.isEmpty() ? path : path + "?" + query;
  }

  private String withoutFragment(URI uri) {
    String path = authority() + (uri.getRawPath() == null ? "" : uri.getRawPath());
    return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
  }

  private static Optional<Digest> digestInPath(URI url) {
    Matcher matcher = OCI_BLOB.matcher(url.getRawPath() == null ? "" : url.getRawPath());
    return matcher.matches()
        ? Optional.of(new Digest(Digest.SHA256, matcher.group(1)))
        : Optional.empty();
  }

  // Lengths are part of what is hashed, so that no two lists of fields give the same bytes.
  private static void add(MessageDigest sha, String name, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    sha.update((name + " " + bytes.length + "\n").getBytes(StandardCharsets.UTF_8));
    sha.update(bytes);
  }

  /** Returns the URL for people: without query, fragment and user name. */
  public String displayUrl() {
    return withoutQuery(url);
  }

  private static String withoutQuery(URI url) {
    String text = url.toString();
    int end = text.indexOf('?') >= 0 ? text.indexOf('?') : text.length();
    int hash = text.indexOf('#');
    String cut = text.substring(0, hash >= 0 ? Math.min(end, hash) : end);
    return cut.replaceFirst("//[^/]*@", "//");
  }

  @Override
  public String toString() {
    return "ContentRequest[" + displayUrl() + ", headers " + headers + "]";
  }
}
