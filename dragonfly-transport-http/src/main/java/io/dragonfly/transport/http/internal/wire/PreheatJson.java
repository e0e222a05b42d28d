package io.dragonfly.transport.http.internal.wire;

import io.dragonfly.control.Preheat;
import io.dragonfly.control.PreheatRequest;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.ImageName;
import io.dragonfly.task.Trust;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Preheats as JSON. What does not fit throws a {@link WireException}, without its secrets. */
public final class PreheatJson {
  private static final int MOST_TEXT = 8 << 10;

  private PreheatJson() {}

  /** Reads what is to be brought into the CDN cache. */
  public static PreheatRequest read(byte[] json) throws WireException {
    return Values.checked(
        () -> {
          JsonIn in = JsonIn.parse(json);
          if (in.find("url").isPresent() == in.find("image").isPresent()) {
            throw new WireException("either url or image is needed");
          }
          return in.find("url").isPresent() ? file(in) : image(in);
        });
  }

  /** Reads which peers are to fetch it, too. */
  public static List<String> readPeers(byte[] json) throws WireException {
    return JsonIn.parse(json).list("peers", name -> name.text(MOST_TEXT));
  }

  private static PreheatRequest file(JsonIn in) throws WireException {
    JsonIn url = in.get("url");
    URI uri;
    try {
      uri = new URI(url.text(Wire.MAX_URL));
    } catch (URISyntaxException e) {
      throw url.wrong("a URL"); // without the cause's message, which repeats it with its secrets
    }
    return new PreheatRequest.File(
        new ContentRequest(
            uri,
            in.list("filter", JsonIn::text),
            ValuesJson.readDigest(in),
            in.find("identifier", JsonIn::text),
            Headers.of(in.list("headers", PreheatJson::header)),
            trust(in)));
  }

  private static Headers.Header header(JsonIn line) throws WireException {
    String text = line.text(MOST_TEXT);
    if (!text.contains(":")) {
      throw line.wrong("'Name: value'"); // and nothing of it is repeated
    }
    return Headers.parse(text);
  }

  private static Trust trust(JsonIn in) throws WireException {
    return new Trust(in.flag("insecure"), in.list("caCertificates", JsonIn::text));
  }

  private static PreheatRequest image(JsonIn in) throws WireException {
    ImageName name = ImageName.parse(in.get("image").text(MOST_TEXT));
    Optional<String> user = in.find("username", text -> text.text(MOST_TEXT));
    Optional<PreheatRequest.Login> login = Optional.empty();
    if (user.isPresent()) {
      login = Optional.of(new PreheatRequest.Login(user.get(), in.get("password").text(MOST_TEXT)));
    }
    return new PreheatRequest.Image(
        name,
        in.list("platforms", text -> text.text(MOST_TEXT)),
        login,
        trust(in),
        in.flag("plainHttp") || (isLocal(name) && in.find("plainHttp").isEmpty()));
  }

  /** Engines ask such registries by http, and so does dfdaemon. */
  private static boolean isLocal(ImageName name) {
    return name.registry().matches("(localhost|127\\.[0-9.]+|\\[::1])(:\\d+)?");
  }

  /** Returns how a preheat is. */
  public static byte[] write(Preheat preheat) {
    return JsonOut.object(out -> write(out, preheat));
  }

  /** Returns how all of them are. */
  public static byte[] write(List<Preheat> preheats) {
    return JsonOut.object(
        out -> out.list("preheats", preheats, (o, each) -> o.element(e -> write(e, each))));
  }

  private static void write(JsonOut out, Preheat preheat) throws IOException {
    out.text("id", preheat.id());
    out.text("what", preheat.what());
    out.text("state", preheat.state().name().toLowerCase(Locale.ROOT));
    out.text("begun", preheat.begun().toString());
    out.text("ended", preheat.ended().map(Object::toString));
    out.number("contents", preheat.contents());
    out.number("done", preheat.done());
    out.number("bytes", preheat.bytes());
    out.number("peers", preheat.peers());
    if (preheat.failure().isPresent()) {
      Preheat.Failure failure = preheat.failure().get();
      out.object(
          "error",
          error -> {
            error.text("kind", failure.kind().name().toLowerCase(Locale.ROOT));
            error.text("message", failure.message());
          });
    }
  }
}
