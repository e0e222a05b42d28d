package io.dragonfly.examples.dfdaemon;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.PemFile;
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
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** Which certificates registries must have. */
final class RegistryTrustOptions {
  private static final String PLAIN = "http://";
  private static final String CA_OPTION = "--registry-ca";
  private static final String INSECURE_OPTION = "--insecure-registry";

  @Option(
      names = CA_OPTION,
      split = ",",
      paramLabel = "HOST[:PORT]=FILE",
      description = "Certificate in PEM that is trusted for a host, beside the platform's own.")
  private List<String> certificates = new ArrayList<>();

  @Option(
      names = INSECURE_OPTION,
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
            "%s is '%s', must be HOST=FILE".formatted(CA_OPTION, text));
      }
      pems.computeIfAbsent(text.substring(0, equals), host -> new ArrayList<>())
          .add(read(call.directory().resolve(text.substring(equals + 1))));
    }
    pems.forEach((host, list) -> add(CA_OPTION, () -> builder.trust(host, new Trust(false, list))));
    for (String host : insecure) {
      add(
          INSECURE_OPTION,
          () ->
              host.startsWith(PLAIN)
                  ? builder.plainHttp(host.substring(PLAIN.length()))
                  : builder.trust(host, new Trust(true, List.of())));
    }
  }

  /** Has a message say which option it is about. */
  private static void add(String option, Supplier<ProxyConfig.Builder> adding) {
    try {
      var unused = adding.get();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
    }
  }

  private static String read(Path file) {
    try {
      return PemFile.check(CA_OPTION, file, Files.readString(file));
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "%s: %s cannot be read: %s".formatted(CA_OPTION, file, WhyNot.of(e)), e);
    }
  }
}
