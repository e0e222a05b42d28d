package io.dragonfly.internal.preheat;

import com.fasterxml.jackson.databind.JsonNode;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.task.ImageName;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Which platforms of an image somebody wants, all of which it must have, and which it turns out to
 * have. For one thread.
 */
final class WantedPlatforms {
  /** What engines take for the variant of an architecture where none is named. */
  private static final Map<String, String> USUAL_VARIANTS = Map.of("arm64", "v8", "arm", "v7");

  /** What attestations beside the images of an index have. */
  private static final String OF_NONE = "unknown/unknown";

  private final List<String> wanted;
  private final TreeSet<String> missing;
  private final TreeSet<String> seen = new TreeSet<>();

  /** These as {@code OS/ARCHITECTURE[/VARIANT]}; none stands for all that there are. */
  WantedPlatforms(List<String> wanted) {
    this.wanted = List.copyOf(wanted);
    this.missing = new TreeSet<>(wanted);
  }

  /** Tells whether each platform is wanted. */
  boolean areAll() {
    return wanted.isEmpty();
  }

  /**
   * Tells whether a platform is wanted, and remembers that the image has it.
   *
   * @param platform its os, architecture and variant, as indexes and configurations write them
   */
  boolean take(JsonNode platform) {
    String architecture = platform.path("architecture").asText("?");
    String name = platform.path("os").asText("?") + "/" + architecture;
    String variant = platform.path("variant").asText(USUAL_VARIANTS.getOrDefault(architecture, ""));
    String full = name + "/" + variant;
    if (!name.equals(OF_NONE)) {
      seen.add(name);
    }
    missing.remove(name);
    missing.remove(full);
    return areAll() || wanted.contains(name) || wanted.contains(full);
  }

  /**
   * Checks that each one was there.
   *
   * @throws ContentNotFoundException with those that are missing and those that are there
   */
  void checkFound(ImageName image) {
    if (!missing.isEmpty()) {
      throw new ContentNotFoundException(
          "%s is not there for %s: it is for %s."
              .formatted(
                  image,
                  String.join(", ", missing),
                  seen.isEmpty() ? "no platform" : String.join(", ", seen)));
    }
  }
}
