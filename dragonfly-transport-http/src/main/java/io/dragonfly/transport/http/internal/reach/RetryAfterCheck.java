package io.dragonfly.transport.http.internal.reach;

import java.io.IOException;
import okhttp3.Interceptor;
import okhttp3.Response;

/**
 * Takes a Retry-After away that has more than nine digits. OkHttp would read it as an int and end
 * the call with a NumberFormatException. As a network interceptor, for all clients. Safe for
 * concurrent use.
 */
public final class RetryAfterCheck implements Interceptor {
  private static final String NAME = "Retry-After";

  @Override
  public Response intercept(Chain chain) throws IOException {
    Response response = chain.proceed(chain.request());
    String value = response.header(NAME);
    return value != null && value.matches("\\d{10,}")
        ? response.newBuilder().removeHeader(NAME).build()
        : response;
  }
}
