package io.dragonfly.transport.http.internal.proxy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.task.ImageName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The logins of docker's config.json. The file is read again when it has changed: {@code docker
 * login} changes it while the proxy runs. Logins that a helper program keeps are not found. Safe
 * for concurrent use.
 */
final class Logins {
  private static final Logger LOG = LoggerFactory.getLogger(Logins.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Optional<Path> file;

  @GuardedBy("this")
  private Optional<Stamp> read = Optional.empty();

  @GuardedBy("this")
  private Map<String, String> logins = Map.of();

  /** What was last warned of, and holds still: once is enough. */
  @GuardedBy("this")
  private String problem = "";

  Logins(Optional<Path> file) {
    this.file = file;
  }

  /** Tells one state of a file from another. A file that replaces it has another key. */
  private record Stamp(FileTime time, long bytes, Optional<Object> key) {
    static Stamp of(Path file) throws IOException {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      return new Stamp(now.lastModifiedTime(), now.size(), Optional.ofNullable(now.fileKey()));
    }
  }

  /** Returns the Authorization header for a registry, by its host and port, if there is a login. */
  synchronized Optional<String> basic(String registry) {
    if (file.isPresent()) {
      update(file.get());
    }
    return Optional.ofNullable(logins.get(registry));
  }

  @GuardedBy("this")
  private void update(Path from) {
    try {
      Stamp now = Stamp.of(from); // first: a change while it is read must not be missed
      if (!read.equals(Optional.of(now))) {
        logins = Map.of();
        read = Optional.empty();
        logins = read(from);
        read = Optional.of(now);
      }
      problem = "";
    } catch (IOException e) {
      logins = Map.of();
      read = Optional.empty();
      if (!problem.equals(e.toString())) {
        LOG.warn("{} cannot be read, so there is no login: {}", from, e.toString());
      }
      problem = e.toString();
    }
  }

  private static Map<String, String> read(Path file) throws IOException {
    Map<String, String> found = new HashMap<>();
    try (InputStream in = Files.newInputStream(file)) {
      JsonNode auths = JSON.readTree(in.readNBytes(ProxyLimits.JSON_BYTES)).path("auths");
      for (Map.Entry<String, JsonNode> entry : auths.properties()) {
        header(entry.getValue()).ifPresent(value -> found.putIfAbsent(host(entry.getKey()), value));
      }
    }
    return found;
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
