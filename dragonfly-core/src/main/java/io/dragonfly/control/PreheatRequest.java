package io.dragonfly.control;

import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.ImageName;
import io.dragonfly.task.Trust;
import java.util.List;
import java.util.Optional;

/**
 * What an operator wants to be in the CDN cache before the first peer asks for it. Its credentials
 * are kept in memory alone, until the preheat has ended.
 */
public sealed interface PreheatRequest {
  /** Returns it for people, without anything secret. */
  String display();

  /**
   * One file.
   *
   * @param content what is read, with the credentials of who may
   */
  record File(ContentRequest content) implements PreheatRequest {
    @Override
    public String display() {
      return content.displayUrl();
    }
  }

  /**
   * All that an image consists of: its manifests, configurations and layers.
   *
   * @param name the image
   * @param platforms {@code OS/ARCHITECTURE[/VARIANT]} of those that are wanted; empty for all
   * @param login who may read it; empty for what everybody may
   * @param trust which certificates are trusted: those that dfdaemon trusts for this registry
   * @param plainHttp whether the registry is asked by http
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
   * @param user the name
   * @param password a secret
   */
  record Login(String user, String password) {
    /** Returns the name alone. */
    @Override
    public String toString() {
      return "Login[" + user + "]";
    }
  }
}
