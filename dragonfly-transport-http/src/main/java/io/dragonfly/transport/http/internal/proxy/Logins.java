package io.dragonfly.transport.http.internal.proxy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.task.ImageName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The logins of docker's config.json. It is read each time that a login is looked for: {@code
 * docker login} changes it while the proxy runs. Logins that a helper program keeps are not found.
 */
final class Logins {
  private static final Logger LOG = LoggerFactory.getLogger(Logins.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Optional<Path> file;

  Logins(Optional<Path> file) {
    this.file = file;
  }

  /** Returns the Authorization header for a registry, by its host and port, if there is a login. */
  Optional<String> basic(String registry) {
    if (file.isEmpty()) {
      return Optional.empty();
    }
    try (InputStream in = Files.newInputStream(file.get())) {
      JsonNode auths = JSON.readTree(in.readNBytes(ProxyLimits.JSON_BYTES)).path("auths");
      for (Map.Entry<String, JsonNode> entry : auths.properties()) {
        if (host(entry.getKey()).equals(registry)) {
          return header(entry.getValue());
        }
      }
    } catch (IOException e) {
      LOG.warn("{} cannot be read, so there is no login: {}", file.get(), e.toString());
    }
    return Optional.empty();
  }

  private static Optional<String> header(JsonNode login) {
    String auth = login.path("auth").asText("");
    if (auth.isEmpty() && login.has("username")) {
      String user = login.path("username").asText() + ":" + login.path("password").asText("");
      auth = Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
    }
    return auth.matches("[A-Za-z0-9+/=]+") ? Optional.of("Basic " + auth) : Optional.empty();
  }

  /** Returns the host of a key, which may be a URL: that of Docker Hub is one. */
  private static String host(String key) {
    String host =
        key.toLowerCase(Locale.ROOT).replaceFirst("^https?://", "").replaceFirst("/.*$", "");
    return ImageName.registryOf(host);
  }
}
