package io.dragonfly.transport.http.internal.proxy;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.Challenge;
import okhttp3.HttpUrl;

/** What an answer of a mirrored registry says about itself, as its clients must see it. */
final class MirrorHeaders {
  private static final String LINK = "Link";
  private static final Pattern LINKED = Pattern.compile("^<([^>]*)>(.*)$");
  private static final Pattern HOST =
      Pattern.compile("[A-Za-z0-9.-]+(:\\d{1,5})?|\\[[0-9a-f:]+](:\\d+)?");

  private MirrorHeaders() {}

  /**
   * A place at the registry becomes one at the mirror: an upload goes on where it has begun, and a
   * list where it was cut. Other places stay as they are.
   */
  static void rewrite(HttpHeaders headers, Target target, Target.Mirror mirror) {
    String location = headers.get(HttpHeaderNames.LOCATION);
    if (location != null) {
      here(location, target, mirror)
          .ifPresent(place -> headers.set(HttpHeaderNames.LOCATION, place));
    }
    String link = headers.get(LINK);
    Matcher linked = LINKED.matcher(link == null ? "" : link);
    if (linked.matches()) {
      here(linked.group(1), target, mirror)
          .ifPresent(place -> headers.set(LINK, "<" + place + ">" + linked.group(2)));
    }
  }

  private static Optional<String> here(String place, Target target, Target.Mirror mirror) {
    HttpUrl url = target.url().resolve(place);
    if (url == null || !Target.origin(url).equals(target.origin())) {
      return Optional.empty();
    }
    String path = url.encodedPath();
    if (path.startsWith("/v2/")) {
      path = "/v2" + mirror.prefix() + path.substring("/v2".length());
    }
    HttpUrl.Builder here = url.newBuilder().encodedPath(path);
    mirror.namespace().ifPresent(name -> here.addQueryParameter("ns", name));
    HttpUrl built = here.build();
    String query = built.encodedQuery();
    return Optional.of(query == null ? path : path + "?" + query);
  }

  /**
   * Returns a challenge with this proxy as the token service in place of the registry's, so that
   * many clients that ask for the same cost one question.
   *
   * @param host how the client calls this proxy
   * @param name of the registry's own token service
   */
  static Optional<String> challenge(Challenge original, String host, String name) {
    if (!HOST.matcher(host).matches()) {
      return Optional.empty();
    }
    StringBuilder text = new StringBuilder("Bearer realm=\"http://" + host);
    text.append(LocalPages.TOKEN).append(name).append('"');
    original
        .authParams()
        .forEach(
            (parameter, value) -> {
              if (parameter != null && !parameter.equals("realm") && !value.contains("\"")) {
                text.append(',').append(parameter).append("=\"").append(value).append('"');
              }
            });
    return Optional.of(text.toString());
  }
}
