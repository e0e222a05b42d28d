package io.dragonfly.internal.preheat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.PreheatRequest.Login;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.Trust;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Proves to one registry who reads, as its answers ask for it: with a name and a password, or with
 * a token. Safe for concurrent use; callers wait.
 */
final class RegistryLogin {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String AUTHORIZATION = "Authorization";
  private static final int MOST_BYTES = 64 << 10;

  private final Reading reading;
  private final Optional<Login> login;
  private final Trust trust;
  private final boolean isTls;

  @GuardedBy("this")
  private Optional<String> shown = Optional.empty();

  /**
   * A login that has nothing to show yet.
   *
   * @param isTls whether the registry is asked by https
   */
  RegistryLogin(Reading reading, Optional<Login> login, Trust trust, boolean isTls) {
    this.reading = reading;
    this.login = login;
    this.trust = trust;
    this.isTls = isTls;
  }

  /** What is done with a content. */
  interface Use<T> {
    T with(ContentRequest content) throws InterruptedException;
  }

  /**
   * Does something with a content, and once more with what the registry asks for if it refuses.
   *
   * @throws AccessRefusedException if it refuses still
   */
  <T> T use(ContentRequest content, Use<T> use) throws InterruptedException {
    Optional<String> first = shown();
    try {
      return use.with(with(content, first));
    } catch (AccessRefusedException e) {
      if (!answer(first, e.challenges())) {
        throw e;
      }
      return use.with(with(content, shown()));
    }
  }

  private synchronized Optional<String> shown() {
    return shown;
  }

  private static ContentRequest with(ContentRequest content, Optional<String> authorization) {
    return authorization
        .map(value -> content.withHeaders(content.headers().with(AUTHORIZATION, value)))
        .orElse(content);
  }

  /** Finds what meets the challenges; false if there is nothing new to show. */
  private synchronized boolean answer(Optional<String> refused, List<String> challenges) {
    if (!shown.equals(refused)) {
      return true; // another one has found it meanwhile
    }
    Optional<URI> token = Challenge.token(challenges);
    if (token.isPresent()) {
      shown = Optional.of("Bearer " + fetch(token.get()));
    } else if (Challenge.hasBasic(challenges) && login.isPresent()) {
      shown = login.map(RegistryLogin::basic);
    }
    return !shown.equals(refused);
  }

  private static String basic(Login login) {
    byte[] text = (login.user() + ":" + login.password()).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(text);
  }

  private String fetch(URI url) {
    // A login that was given for an https registry is not told to who may listen.
    boolean isSafe = !isTls || "https".equalsIgnoreCase(url.getScheme());
    Optional<String> authorization = isSafe ? login.map(RegistryLogin::basic) : Optional.empty();
    ContentRequest asked =
        new ContentRequest(url, List.of(), Optional.empty(), Optional.empty(), Headers.NONE, trust);
    byte[] answer = reading.read(with(asked, authorization), MOST_BYTES);
    try {
      JsonNode json = JSON.readTree(answer);
      String token = json.path("token").asText(json.path("access_token").asText(""));
      if (token.matches("[\\x21-\\x7e]+")) {
        return token;
      }
    } catch (JsonProcessingException e) {
      throw noToken(url, e);
    } catch (IOException e) {
      throw new IllegalStateException("memory cannot be read", e);
    }
    throw noToken(url, null);
  }

  private static SourceFailedException noToken(URI url, @Nullable IOException cause) {
    return new SourceFailedException(
        "The token service %s gave no token.".formatted(url.getHost()), cause);
  }
}
