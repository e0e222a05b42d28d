package io.dragonfly.transport.http.internal.source;

import io.dragonfly.error.SourceFailedException;
import io.dragonfly.task.ContentRequest;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import okhttp3.HttpUrl;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** Follows the redirects of one question. Used by one thread. */
final class Redirects {
  private static final int MOST = 10;

  private final ContentRequest content;
  private final Set<HttpUrl> visited = new HashSet<>();

  /** Of the last answer that was a redirect. */
  private int status;

  Redirects(ContentRequest content) {
    this.content = content;
  }

  /** Returns where the answer sends us, if it is a redirect. */
  Optional<HttpUrl> next(HttpUrl current, Response answer) {
    switch (answer.code()) {
      case 301, 302, 303, 307, 308 -> {
        visited.add(current);
        status = answer.code();
        return Optional.of(check(current, target(current, answer.header("Location"))));
      }
      default -> {
        return Optional.empty();
      }
    }
  }

  private HttpUrl target(HttpUrl current, @Nullable String location) {
    HttpUrl target = location == null ? null : current.resolve(location);
    if (target == null) {
      throw failed("to no http or https URL");
    }
    // The fragment is no part of a request, and a user name in it is nothing that we were given.
    return target.newBuilder().fragment(null).username("").password("").build();
  }

  private HttpUrl check(HttpUrl current, HttpUrl target) {
    if (current.isHttps() && !target.isHttps()) {
      throw failed("from https to plain http at " + target.host());
    }
    if (visited.contains(target)) {
      throw failed("in a circle");
    }
    if (visited.size() > MOST) {
      throw failed("more than %d times".formatted(MOST));
    }
    return target;
  }

  private SourceFailedException failed(String where) {
    return new SourceFailedException(
        "%s redirects %s: check the URL".formatted(content.displayUrl(), where),
        status,
        Optional.empty());
  }
}
