package io.dragonfly.internal.preheat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.control.PreheatRequest;
import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import java.io.IOException;
import java.net.URI;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds out what an image consists of: its index if it has one, the manifests of the platforms that
 * are wanted, and their configurations and layers, of OCI's and docker's types. All are named by
 * digest, with the URLs that engines ask for, so that they are the tasks of later pulls. For one
 * thread.
 */
final class ImageWalk {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_BYTES = 4 << 20;
  private static final int MOST_CONTENTS = 2000;
  private static final int DEEPEST = 3;
  private static final Headers ACCEPT =
      Headers.NONE.with(
          "Accept",
          "application/vnd.oci.image.index.v1+json,"
              + " application/vnd.docker.distribution.manifest.list.v2+json,"
              + " application/vnd.oci.image.manifest.v1+json,"
              + " application/vnd.docker.distribution.manifest.v2+json");

  private final PreheatRequest.Image image;
  private final String origin;
  private final Reading reading;
  private final RegistryLogin login;
  private final Map<String, ContentRequest> found = new LinkedHashMap<>();

  /** What indexes have named so far. */
  private final Set<String> seen = new HashSet<>();

  private final WantedPlatforms platforms;

  ImageWalk(PreheatRequest.Image image, Reading reading, RegistryLogin login) {
    this.image = image;
    this.origin = origin(image);
    this.reading = reading;
    this.login = login;
    this.platforms = new WantedPlatforms(image.platforms());
  }

  /** Returns scheme and authority as dfdaemon writes them: without the scheme's own port. */
  private static String origin(PreheatRequest.Image image) {
    String scheme = image.plainHttp() ? "http" : "https";
    return scheme
        + "://"
        + image.name().registry().replaceFirst(image.plainHttp() ? ":80$" : ":443$", "");
  }

  /**
   * Asks the registry.
   *
   * @throws io.dragonfly.error.DistributionException if it does not say, or has not the platform
   */
  Collection<ContentRequest> contents() throws InterruptedException {
    String reference = image.name().reference();
    byte[] top = read("manifests", reference);
    manifest(top, digest(top), 0, platforms.areAll());
    platforms.checkFound(image.name());
    return found.values();
  }

  private static String digest(byte[] bytes) {
    MessageDigest sha = Digest.newSha256();
    sha.update(bytes);
    return Digest.of(sha).toString();
  }

  /** Reads a manifest or a configuration, and checks it if it is named by digest. */
  private byte[] read(String kind, String reference) throws InterruptedException {
    ContentRequest content = content(kind, reference);
    byte[] bytes = login.use(content, with -> reading.read(with, MOST_BYTES));
    if (reference.contains(":") && !digest(bytes).equals(reference)) {
      throw new DigestMismatchException(
          "%s has the digest %s.".formatted(content.displayUrl(), digest(bytes)));
    }
    return bytes;
  }

  private ContentRequest content(String kind, String reference) {
    URI url =
        URI.create("%s/v2/%s/%s/%s".formatted(origin, image.name().repository(), kind, reference));
    return new ContentRequest(
        url,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        kind.equals("manifests") ? ACCEPT : Headers.NONE,
        image.trust());
  }

  /**
   * Adds a manifest and all that it names.
   *
   * @param isWanted whether its platform is known, and wanted; else its configuration says which it
   *     is for
   */
  private void manifest(byte[] bytes, String digest, int depth, boolean isWanted)
      throws InterruptedException {
    JsonNode json = parse(bytes, digest);
    if (json.path("manifests").isArray() && depth < DEEPEST) {
      add("manifests", digest);
      index(json.path("manifests"), depth);
    } else if (json.path("layers").isArray()) {
      if (isWanted || isConfigurationWanted(json)) {
        add("manifests", digest);
        blobs(json);
      }
    } else {
      throw new SourceFailedException(
          "%s is described in a way that is not known: %s."
              .formatted(image.name(), json.path("mediaType").asText("without a type")),
          null);
    }
  }

  private void index(JsonNode manifests, int depth) throws InterruptedException {
    for (JsonNode each : manifests) {
      boolean isNamed = each.path("platform").has("architecture");
      if (!isNamed || platforms.take(each.path("platform"))) {
        String digest = digestOf(each);
        if (isNew(digest, isNamed)) {
          manifest(read("manifests", digest), digest, depth + 1, isNamed || platforms.areAll());
        }
      }
    }
  }

  /** An index may name one manifest as often as it likes: it is read once. */
  private boolean isNew(String digest, boolean isNamed) {
    boolean isNew = seen.add(digest + isNamed);
    if (seen.size() > MOST_CONTENTS) {
      throw tooMuch();
    }
    return isNew;
  }

  private SourceFailedException tooMuch() {
    return new SourceFailedException(
        "%s consists of more than %d parts.".formatted(image.name(), MOST_CONTENTS), null);
  }

  private boolean isConfigurationWanted(JsonNode manifest) throws InterruptedException {
    String digest = digestOf(manifest.path("config"));
    return platforms.take(parse(read("blobs", digest), digest));
  }

  private void blobs(JsonNode manifest) {
    add("blobs", digestOf(manifest.path("config")));
    for (JsonNode layer : manifest.path("layers")) {
      // Their registries do not give these: engines get them elsewhere.
      if (!layer.path("mediaType").asText().matches(".*\\.(foreign|nondistributable)\\..*")) {
        add("blobs", digestOf(layer));
      }
    }
  }

  private JsonNode parse(byte[] bytes, String digest) {
    try {
      return JSON.readTree(bytes);
    } catch (IOException e) {
      throw new SourceFailedException("%s of %s is no JSON.".formatted(digest, image.name()), e);
    }
  }

  private String digestOf(JsonNode descriptor) {
    String digest = descriptor.path("digest").asText();
    if (!digest.matches("sha256:[0-9a-f]{64}")) {
      throw new SourceFailedException(
          "%s names a part of it by something else than a SHA-256.".formatted(image.name()), null);
    }
    return digest;
  }

  private void add(String kind, String digest) {
    found.putIfAbsent(digest, content(kind, digest));
    if (found.size() > MOST_CONTENTS) {
      throw tooMuch();
    }
  }
}
