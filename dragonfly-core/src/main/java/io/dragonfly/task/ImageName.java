package io.dragonfly.task;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The name of a container image, in full.
 *
 * @param registry host, and port if one is named, in lower case
 * @param repository the path of the repository
 * @param reference a tag, or a digest as {@code sha256:...}
 */
public record ImageName(String registry, String repository, String reference) {
  private static final Pattern REGISTRY =
      Pattern.compile(
          "[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:\\d{1,5})?|\\[[0-9a-f:.]+](:\\d{1,5})?");
  private static final Pattern REPOSITORY =
      Pattern.compile("[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*");
  private static final Pattern REFERENCE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");
  private static final int LONGEST = 255;

  /** Docker Hub has many names, and one registry. */
  private static final Set<String> DOCKER_HUB =
      Set.of("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com");

  private static final String DOCKER_REGISTRY = "registry-1.docker.io";

  /**
   * Checks the parts. All names of Docker Hub become that of its registry.
   *
   * @throws IllegalArgumentException if one of them cannot be used; the message says which
   */
  public ImageName {
    registry = registryOf(registry);
    if (registry.equals(DOCKER_REGISTRY)) {
      repository = repository.contains("/") ? repository : "library/" + repository;
    }
    if (!REGISTRY.matcher(registry).matches()) {
      throw new IllegalArgumentException("'%s' is no registry: HOST[:PORT]".formatted(registry));
    }
    if (repository.length() > LONGEST || !REPOSITORY.matcher(repository).matches()) {
      throw new IllegalArgumentException(
          "'%s' is no repository: lower-case letters, digits and . _ - / in between"
              .formatted(repository));
    }
    if (!REFERENCE.matcher(reference).matches() && !DIGEST.matcher(reference).matches()) {
      throw new IllegalArgumentException(
          "'%s' is neither a tag nor a digest sha256:...".formatted(reference));
    }
  }

  /**
   * Returns the registry that a host and port in any case of letters mean: Docker Hub has many
   * names, and all are those of its one registry.
   */
  public static String registryOf(String authority) {
    String registry = authority.toLowerCase(Locale.ROOT);
    return DOCKER_HUB.contains(registry) ? DOCKER_REGISTRY : registry;
  }

  /**
   * Reads a name as people write it: {@code [REGISTRY/]REPOSITORY[:TAG][@DIGEST]}. Without a
   * registry it is of Docker Hub, without a tag it is {@code latest}; a digest wins over a tag.
   *
   * @throws IllegalArgumentException if the text has another form
   */
  public static ImageName parse(String text) {
    int at = text.indexOf('@');
    String digest = at < 0 ? "" : text.substring(at + 1);
    String name = at < 0 ? text : text.substring(0, at);
    int slash = name.indexOf('/');
    String first = slash < 0 ? "" : name.substring(0, slash);
    boolean hasRegistry = first.matches(".*[.:].*") || first.equals("localhost");
    String registry = hasRegistry ? first : DOCKER_REGISTRY;
    String path = hasRegistry ? name.substring(slash + 1) : name;
    int colon = path.lastIndexOf(':');
    boolean hasTag = colon > path.lastIndexOf('/');
    String tag = hasTag ? path.substring(colon + 1) : "latest";
    return new ImageName(registry, hasTag ? path.substring(0, colon) : path, at < 0 ? tag : digest);
  }

  /** Returns the name in full. */
  @Override
  public String toString() {
    boolean isDigest = reference.indexOf(':') >= 0;
    return registry + "/" + repository + (isDigest ? "@" : ":") + reference;
  }
}
