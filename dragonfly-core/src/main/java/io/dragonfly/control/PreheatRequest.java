package io.dragonfly.control;

import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.ImageName;
import io.dragonfly.task.Trust;
import java.util.List;
import java.util.Optional;

/**
 * A file or image that is to be cached before the first peer requests it. Its credentials are kept
 * only in memory, until the preheat has ended.
 */
public sealed interface PreheatRequest {
  /** Returns a description without secrets. */
  String display();

  /**
   * One file.
   *
   * @param content the file, with credentials that permit to download it
   */
  record File(ContentRequest content) implements PreheatRequest {
    @Override
    public String display() {
      return content.displayUrl();
    }
  }

  /**
   * The manifests, configurations and layers of an image.
   *
   * @param name the image
   * @param platforms the wanted platforms, {@code OS/ARCHITECTURE[/VARIANT]}; empty for all
   * @param login a login that permits to download it; empty for public images
   * @param trust the trusted certificates: those that dfdaemon trusts for this registry
   * @param plainHttp whether the registry is requested by http
   */
  record Image(
      ImageName name, List<String> platforms, Optional<Login> login, Trust trust, boolean plainHttp)
      implements PreheatRequest {
    private static final String PLATFORM = "[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?";

    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException if a platform has another form
     */
    public Image {
      platforms = List.copyOf(platforms);
      for (String platform : platforms) {
        if (!platform.matches(PLATFORM)) {
          throw new IllegalArgumentException(
              "'%s' is no platform: OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT"
                  .formatted(platform));
        }
      }
    }

    @Override
    public String display() {
      return name.toString();
    }
  }

  /**
   * A login at a registry.
   *
   * @param user the user name
   * @param password the password, a secret
   */
  record Login(String user, String password) {
    /** Returns only the user name. */
    @Override
    public String toString() {
      return "Login[" + user + "]";
    }
  }
}
