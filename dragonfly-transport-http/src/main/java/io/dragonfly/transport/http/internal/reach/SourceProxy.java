package io.dragonfly.transport.http.internal.reach;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.util.List;
import java.util.Optional;
import okhttp3.Authenticator;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.Route;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP proxy on the way to a source.
 *
 * @param host its name or address
 * @param port where it listens
 * @param authorization what it wants to see in Proxy-Authorization
 */
public record SourceProxy(String host, int port, Optional<String> authorization) {
  /** The proxy wants other credentials; these are its challenges. */
  public static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final List<String> challenges;

    RefusedException(List<String> challenges) {
      super("the proxy refuses these credentials");
      this.challenges = List.copyOf(challenges);
    }

    /** Returns what the proxy wants. */
    public List<String> challenges() {
      return challenges;
    }
  }

  /**
   * Gives a proxy what it wants to see. Equal for equal credentials: connections through a proxy
   * are shared by those who have the same.
   */
  public record Credentials(Optional<String> authorization) implements Authenticator {
    @Override
    public @Nullable Request authenticate(@Nullable Route route, Response response)
        throws IOException {
      boolean isFirst = response.request().header("Proxy-Authorization") == null;
      if (isFirst && authorization.isPresent()) {
        return response
            .request()
            .newBuilder()
            .header("Proxy-Authorization", authorization.get())
            .build();
      }
      if (response.headers("Proxy-Authenticate").contains("OkHttp-Preemptive")) {
        return null;
      }
      throw new RefusedException(response.headers("Proxy-Authenticate"));
    }

    @Override
    public String toString() {
      return "Credentials";
    }
  }

  /** Returns the proxy as sockets know it. */
  public Proxy proxy() {
    return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(host, port));
  }

  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
