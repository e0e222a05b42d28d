package io.dragonfly.examples.dfget;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.dragonfly.control.PreheatRequest;
import io.dragonfly.examples.command.Call;
import io.dragonfly.task.ImageName;
import io.dragonfly.task.Trust;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a supernode is to read beforehand, and who is to have it, too. */
final class PreheatOptions {
  @Option(
      names = "--platform",
      split = ",",
      paramLabel = "OS/ARCH[/VARIANT]",
      description = "Which platforms of an image; it must have each. Default: all that it has.")
  private List<String> platforms = new ArrayList<>();

  @Option(
      names = "--username",
      paramLabel = "NAME",
      description = "Who may pull the image; with --password-file.")
  private @Nullable String username;

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "File with the password or token of --username; - is stdin.")
  private @Nullable String passwordFile;

  @Option(
      names = "--plain-http",
      description = "Ask the registry by http. Registries on the supernode's machine are anyway.")
  private boolean plainHttp;

  @Mixin private ContentOptions content = new ContentOptions();

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "all|zone:NAME|IP|ID",
      description =
          "Peers that are told to fetch it, too, once it is there: those of them that were started"
              + " with --allow-preheat. Default: none.")
  private List<String> peers = new ArrayList<>();

  /** Tells whether peers are to fetch it, too. */
  boolean hasPeers() {
    return !peers.isEmpty();
  }

  /**
   * Returns the request for a supernode; files are read as the caller may.
   *
   * @param named a URL, or else an image
   * @throws IllegalArgumentException if it has no such form, or options do not allow it
   */
  String toJson(Call call, String named) {
    ObjectNode request = JsonNodeFactory.instance.objectNode();
    boolean isFile = named.contains("://");
    check(isFile, named);
    request.put(isFile ? "url" : "image", named);
    if (content.isInsecure()) {
      request.put("insecure", true);
    }
    if (plainHttp) {
      request.put("plainHttp", true);
    }
    texts(request, "platforms", platforms);
    texts(request, "peers", peers);
    texts(
        request,
        "headers",
        content.headers(call).stream().map(h -> h.name() + ": " + h.value()).toList());
    texts(request, "caCertificates", content.caCertificates(call));
    if (username != null && passwordFile != null) {
      String file = passwordFile.equals("-") ? "/dev/stdin" : passwordFile;
      request.put("username", username);
      request.put("password", CallerFile.read(call, "--password-file", file).strip());
    }
    texts(request, "filter", content.filter());
    content.digest().ifPresent(digest -> request.put("digest", digest.toString()));
    content.identifier().ifPresent(name -> request.put("identifier", name));
    return request.toString();
  }

  /** The supernode checks all of this, too; but a mistake is found without one. */
  private void check(boolean isFile, String named) {
    if ((username == null) != (passwordFile == null)) {
      throw new IllegalArgumentException("--username and --password-file go together");
    }
    if (isFile) {
      if (!platforms.isEmpty() || username != null || plainHttp) {
        throw new IllegalArgumentException(
            "--platform, --username and --plain-http are for images");
      }
      var unused = SourceUrl.parse("URL", named);
      return;
    }
    if (content.isAboutOneFile()) {
      throw new IllegalArgumentException(
          "--header, --filter, --digest and --identifier are for files");
    }
    var unused =
        new PreheatRequest.Image(
            ImageName.parse(named), platforms, Optional.empty(), Trust.PLATFORM, plainHttp);
  }

  private static void texts(ObjectNode to, String name, List<String> values) {
    if (!values.isEmpty()) {
      ArrayNode array = to.putArray(name);
      values.forEach(array::add);
    }
  }
}
