package io.dragonfly.internal.preheat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.control.PreheatRequest;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import java.io.IOException;
import java.net.URI;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

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
  private final TreeSet<String> platforms = new TreeSet<>();

  ImageWalk(PreheatRequest.Image image, Reading reading, RegistryLogin login) {
    this.image = image;
    this.origin = origin(image);
    this.reading = reading;
    this.login = login;
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
    byte[] top = read(reference);
    manifest(top, digest(top), 0);
    if (!image.platforms().isEmpty() && blobs() == 0) {
      throw new ContentNotFoundException(
          "%s has none of the platforms %s: it has %s."
              .formatted(image.name(), image.platforms(), String.join(", ", platforms)));
    }
    return found.values();
  }

  private long blobs() {
    return found.values().stream().filter(c -> c.url().getPath().contains("/blobs/")).count();
  }

  private static String digest(byte[] bytes) {
    MessageDigest sha = Digest.newSha256();
    sha.update(bytes);
    return Digest.of(sha).toString();
  }

  /** Reads a manifest, and checks it if it is named by digest. */
  private byte[] read(String reference) throws InterruptedException {
    ContentRequest content = content("manifests", reference);
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

  private void manifest(byte[] bytes, String digest, int depth) throws InterruptedException {
    JsonNode json = parse(bytes, digest);
    add("manifests", digest);
    if (json.path("manifests").isArray() && depth < DEEPEST) {
      for (String each : wanted(json.path("manifests"))) {
        manifest(read(each), each, depth + 1);
      }
    } else if (json.path("layers").isArray()) {
      add("blobs", digestOf(json.path("config")));
      for (JsonNode layer : json.path("layers")) {
        // Their registries do not give these: engines get them elsewhere.
        if (!layer.path("mediaType").asText().matches(".*\\.(foreign|nondistributable)\\..*")) {
          add("blobs", digestOf(layer));
        }
      }
    } else {
      throw new SourceFailedException(
          "%s is described in a way that is not known: %s."
              .formatted(image.name(), json.path("mediaType").asText("without a type")),
          null);
    }
  }

  private JsonNode parse(byte[] bytes, String digest) {
    try {
      return JSON.readTree(bytes);
    } catch (IOException e) {
      throw new SourceFailedException(
          "The manifest %s of %s is no JSON.".formatted(digest, image.name()), e);
    }
  }

  private List<String> wanted(JsonNode manifests) {
    List<String> wanted = new ArrayList<>();
    for (JsonNode each : manifests) {
      JsonNode platform = each.path("platform");
      String name =
          platform.path("os").asText("?") + "/" + platform.path("architecture").asText("?");
      String full = name + "/" + platform.path("variant").asText("");
      platforms.add(name);
      boolean fits =
          image.platforms().isEmpty()
              || image.platforms().contains(name)
              || image.platforms().contains(full);
      if (fits) {
        wanted.add(digestOf(each));
      }
    }
    return wanted;
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
      throw new SourceFailedException(
          "%s consists of more than %d parts.".formatted(image.name(), MOST_CONTENTS), null);
    }
  }
}
