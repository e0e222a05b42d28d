package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.spi.Requester;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Trust;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;

/**
 * Where a request goes.
 *
 * @param url what is asked for there
 * @param trust which certificates are trusted there
 * @param mirror how the registry is mirrored, unless the client uses us as its proxy
 * @param requester for whom it is read, which says which addresses are refused; none for {@link
 *     Requester#THIS_PROCESS}
 */
record Target(HttpUrl url, Trust trust, Optional<Mirror> mirror, Requester requester) {
  private static final Pattern DIGEST =
      Pattern.compile("/v2/.+/(blobs|manifests)/sha256:([0-9a-f]{64})/?");
  private static final Pattern MANIFEST_BY_TAG = Pattern.compile("/v2/.+/manifests/[^/:]+/?");
  private static final Pattern REPOSITORY =
      Pattern.compile("/v2/(.+)/(?:blobs|manifests|tags|referrers)/.*");

  /**
   * A registry as its clients see it.
   *
   * @param prefix what comes between {@code /v2} and the rest of a path here: empty, or a slash and
   *     a name
   * @param namespace the value of {@code ns} that names the registry, if that does
   */
  record Mirror(String prefix, Optional<String> namespace) {}

  /** Tells whether addresses are refused that the client must not reach through us. */
  boolean guarded() {
    return requester != Requester.THIS_PROCESS;
  }

  /** Returns the same client's request at another URL. */
  Target at(HttpUrl other, Hosts hosts) {
    return new Target(other, hosts.trust(other.host(), other.port()), mirror, requester);
  }

  /** Returns the digest that the content must have, if the path names one. */
  Optional<Digest> digest() {
    Matcher matcher = DIGEST.matcher(decodedPath());
    return matcher.matches()
        ? Optional.of(new Digest(Digest.SHA256, matcher.group(2)))
        : Optional.empty();
  }

  /** Tells whether this is a manifest by its digest. */
  boolean isManifestByDigest() {
    Matcher matcher = DIGEST.matcher(decodedPath());
    return matcher.matches() && matcher.group(1).equals("manifests");
  }

  /** Tells whether this is a manifest by a tag. */
  boolean isManifestByTag() {
    return MANIFEST_BY_TAG.matcher(decodedPath()).matches();
  }

  /** As the registry reads it: some clients write {@code %3A} for the colon. */
  private String decodedPath() {
    return "/" + String.join("/", url.pathSegments());
  }

  /** Tells whether a client asks with this whether there is a registry, and how to log in. */
  boolean isPing() {
    return url.encodedPath().equals("/v2/") || url.encodedPath().equals("/v2");
  }

  /** Returns the name of the repository, if the path has one. */
  Optional<String> repository() {
    Matcher matcher = REPOSITORY.matcher(url.encodedPath());
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  /** Returns scheme, host and port. */
  String origin() {
    return origin(url);
  }

  static String origin(HttpUrl of) {
    return of.scheme() + "://" + authority(of);
  }

  /** Returns host and port; the scheme's own port is left out. */
  static String authority(HttpUrl of) {
    String host = of.host().contains(":") ? "[" + of.host() + "]" : of.host();
    return of.port() == HttpUrl.defaultPort(of.scheme()) ? host : host + ":" + of.port();
  }

  /** Returns the URL for people: without query, which may be secret. */
  String display() {
    return origin() + url.encodedPath();
  }

  @Override
  public String toString() {
    return display();
  }
}
