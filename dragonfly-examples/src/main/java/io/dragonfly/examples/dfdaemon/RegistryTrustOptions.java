package io.dragonfly.examples.dfdaemon;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.WhyNot;
import io.dragonfly.task.Trust;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** Which certificates registries must have. */
final class RegistryTrustOptions {
  private static final String PLAIN = "http://";

  @Option(
      names = "--registry-ca",
      split = ",",
      paramLabel = "HOST[:PORT]=FILE",
      description = "Certificate in PEM that is trusted for a host, beside the platform's own.")
  private List<String> certificates = new ArrayList<>();

  @Option(
      names = "--insecure-registry",
      split = ",",
      paramLabel = "HOST[:PORT]",
      description =
          "Host whose certificate is not checked; with http:// before it, one that is asked by http"
              + " where a request names no scheme.")
  private List<String> insecure = new ArrayList<>();

  /**
   * Adds what was said; relative paths begin in the call's directory.
   *
   * @throws IllegalArgumentException if something cannot be used
   */
  void addTo(ProxyConfig.Builder builder, Call call) {
    Map<String, List<String>> pems = new LinkedHashMap<>();
    for (String text : certificates) {
      int equals = text.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException(
            "--registry-ca is '%s', must be HOST=FILE".formatted(text));
      }
      pems.computeIfAbsent(text.substring(0, equals), host -> new ArrayList<>())
          .add(read(call.directory().resolve(text.substring(equals + 1))));
    }
    pems.forEach((host, list) -> builder.trust(host, new Trust(false, list)));
    for (String host : insecure) {
      if (host.startsWith(PLAIN)) {
        builder.plainHttp(host.substring(PLAIN.length()));
      } else {
        builder.trust(host, new Trust(true, List.of()));
      }
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "--registry-ca: %s cannot be read: %s".formatted(file, WhyNot.of(e)), e);
    }
  }
}
