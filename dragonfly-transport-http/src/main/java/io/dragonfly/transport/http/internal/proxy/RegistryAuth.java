package io.dragonfly.transport.http.internal.proxy;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import okhttp3.Challenge;
import okhttp3.HttpUrl;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs in at mirrored registries for clients that bring no credentials themselves: anonymously, or
 * for clients of this machine with a login of the proxy's own. A client's credentials are never
 * seen here. Safe for concurrent use; callers wait.
 */
final class RegistryAuth {
  private static final Logger LOG = LoggerFactory.getLogger(RegistryAuth.class);
  private static final int MOST_KNOWN = 5_000;

  private final Tokens tokens;
  private final Logins logins;
  private final Hosts hosts;

  /** What each repository asked for last, so that later requests bring it at once. */
  @GuardedBy("this")
  private final Map<String, Wanted> wanted = new LinkedHashMap<>(16, 0.75f, true);

  RegistryAuth(Tokens tokens, Logins logins, Hosts hosts) {
    this.hosts = hosts;
    this.tokens = tokens;
    this.logins = logins;
  }

  /** A token at this URL, or Basic if there is none. */
  private record Wanted(Optional<HttpUrl> token) {}

  /** Tells whether a request is one to log in for: it reads from a mirror, and brings nothing. */
  boolean logsIn(ClientRequest client, Target target) {
    return client.isRead() && target.mirror().isPresent() && !client.hasCredentials();
  }

  /** Returns what a request should bring, as far as that is known without a question. */
  Optional<String> known(ClientRequest client, Target target) {
    Wanted last = wantedBy(target);
    if (last == null) {
      return Optional.empty();
    }
    return last.token().isEmpty()
        ? login(client, target)
        : fetch(client, target, last.token().get());
  }

  private synchronized @Nullable Wanted wantedBy(Target target) {
    return wanted.get(place(target));
  }

  /**
   * Returns what answers the challenges of a 401, if we can.
   *
   * @param refused what the request has brought
   */
  Optional<String> answer(
      ClientRequest client, Target target, List<String> headers, Optional<String> refused) {
    refused.ifPresent(tokens::refused);
    List<Challenge> challenges = Challenges.parse(headers);
    Optional<Challenges.Bearer> bearer = Challenges.bearer(challenges);
    if (bearer.isPresent()) {
      tokens.learn(bearer.get().realm(), target);
      remember(target, new Wanted(Optional.of(bearer.get().url())));
      return fetch(client, target, bearer.get().url());
    }
    if (Challenges.hasBasic(challenges)) {
      Optional<String> login = login(client, target);
      if (login.isPresent()) {
        remember(target, new Wanted(Optional.empty()));
      }
      return login;
    }
    return Optional.empty();
  }

  /**
   * Returns the challenge for a client that a registry has refused, if it is another one than the
   * registry's: a client of this machine that reads from a mirror gets its tokens here, for many
   * clients ask for the same. Other clients would have their passwords on the network.
   *
   * @param refused the registry's answer 401
   */
  Optional<String> challenge(ClientRequest client, Target target, Response refused) {
    // It may be one that this proxy has handed out.
    Optional.ofNullable(client.headers().get("Authorization")).ifPresent(tokens::refused);
    Optional<Challenges.Bearer> bearer =
        Challenges.bearer(Challenges.parse(refused.headers("WWW-Authenticate")));
    // Whoever a registry redirects to does not say where the registry's tokens are.
    boolean isOfRegistry = Target.origin(refused.request().url()).equals(target.origin());
    if (bearer.isEmpty() || !isOfRegistry) {
      return Optional.empty();
    }
    HttpUrl realm = bearer.get().realm();
    String name = tokens.learn(realm, target);
    boolean isOurs =
        client.isRead() && client.local() && target.mirror().isPresent() && isSafe(target, realm);
    return isOurs
        ? MirrorHeaders.challenge(bearer.get().challenge(), client.headers().get("Host", ""), name)
        : Optional.empty();
  }

  private synchronized void remember(Target target, Wanted what) {
    wanted.put(place(target), what);
    if (wanted.size() > MOST_KNOWN) {
      wanted.remove(wanted.keySet().iterator().next());
    }
  }

  private static String place(Target target) {
    return target.origin() + " " + target.repository().orElse("");
  }

  /** Returns the login of the proxy itself at a registry, if the client may use it. */
  Optional<String> login(ClientRequest client, Target target) {
    return client.local() ? logins.basic(Target.authority(target.url())) : Optional.empty();
  }

  /** Returns the same for a token service of the registry. */
  Optional<String> login(ClientRequest client, Target target, HttpUrl tokenService) {
    return isSafe(target, tokenService) ? login(client, target) : Optional.empty();
  }

  /** What is secret for an https registry is not told to who may listen. */
  static boolean isSafe(Target target, HttpUrl tokenService) {
    return tokenService.isHttps() || !target.url().isHttps();
  }

  private Optional<String> fetch(ClientRequest client, Target target, HttpUrl url) {
    try {
      return tokens
          .get(target.at(url, hosts), login(client, target, url))
          .token()
          .map(Tokens::header);
    } catch (IOException e) {
      LOG.warn("{}: no token from {}: {}", target.display(), url.host(), e.getMessage());
      return Optional.empty();
    }
  }
}
