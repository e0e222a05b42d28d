package io.dragonfly.examples.dfget;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Units;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.Pattern;
import io.dragonfly.rate.Rate;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code dfget} that say what is fetched. */
final class DfgetRequestOptions {
  @Option(
      names = {"--url", "-u"},
      required = true,
      paramLabel = "URL",
      description = "What to fetch: http or https.")
  private String url = "";

  @Option(
      names = {"--output", "-o"},
      paramLabel = "FILE",
      description = "Where it goes. Default: the URL's last element, in this directory.")
  private @Nullable Path output;

  @Option(
      names = "--header",
      paramLabel = "LINE",
      description = "A header for the source, 'Name: value'. May be given many times.")
  private List<String> headers = new ArrayList<>();

  @Option(
      names = "--digest",
      paramLabel = "DIGEST",
      description = "sha256:HEX or md5:HEX of the whole file.")
  private @Nullable String digest;

  @Option(
      names = {"--md5", "-m"},
      paramLabel = "HEX",
      description = "MD5 of the whole file.")
  private @Nullable String md5;

  @Option(
      names = {"--identifier", "-i"},
      paramLabel = "NAME",
      description = "A name of your own that tells versions of the file apart.")
  private @Nullable String identifier;

  @Option(
      names = {"--filter", "-f"},
      paramLabel = "A&B",
      description = "Query parameters that do not choose the file, such as signatures.")
  private @Nullable String filter;

  @Option(
      names = {"--pattern", "-p"},
      defaultValue = "p2p",
      paramLabel = "WAY",
      description = "p2p, cdn (without serving others) or source. Default: ${DEFAULT-VALUE}.")
  private String pattern = "p2p";

  @Option(
      names = {"--locallimit", "-s"},
      paramLabel = "RATE",
      converter = Units.RateConverter.class,
      description = "Bytes per second for this file, such as 20M. Default: no limit.")
  private @Nullable Rate localLimit;

  @Option(
      names = {"--timeout", "-e"},
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description = "How long all may take, such as 5m. Default: as long as bytes come.")
  private @Nullable Duration timeout;

  @Option(names = "--insecure", description = "Take each certificate of the source for good.")
  private boolean insecure;

  @Option(
      names = "--cacerts",
      split = ",",
      paramLabel = "FILE",
      description = "PEM files with certificates to trust beside the platform's own.")
  private List<String> caCerts = new ArrayList<>();

  FetchRequest toRequest(Call call) throws IOException {
    FetchRequest.Builder builder =
        FetchRequest.builder(url).output(call.directory().resolve(outputOrDefault()));
    headers.stream().map(Headers::parse).forEach(h -> builder.header(h.name(), h.value()));
    if (digest != null && md5 != null) {
      throw new IllegalArgumentException("--digest and --md5 exclude each other");
    }
    if (digest != null) {
      builder.digest(Digest.parse(digest));
    }
    if (md5 != null) {
      builder.digest(new Digest(Digest.MD5, md5.toLowerCase(Locale.ROOT)));
    }
    if (identifier != null) {
      builder.identifier(identifier);
    }
    if (filter != null) {
      builder.filter(List.of(filter.split("&")));
    }
    if (localLimit != null) {
      builder.rate(localLimit);
    }
    if (timeout != null) {
      builder.timeout(timeout);
    }
    for (String file : caCerts) {
      builder.caCertificate(read(call, file));
    }
    return builder.pattern(patternOf(pattern)).insecure(insecure).build();
  }

  private static Pattern patternOf(String name) {
    return switch (name) {
      case "p2p" -> Pattern.P2P;
      case "cdn" -> Pattern.CDN;
      case "source" -> Pattern.SOURCE;
      default ->
          throw new IllegalArgumentException(
              "--pattern is '%s', must be p2p, cdn or source".formatted(name));
    };
  }

  private Path outputOrDefault() {
    if (output != null) {
      return output;
    }
    String path = URI.create(url).getPath();
    String name = path == null ? "" : path.substring(path.lastIndexOf('/') + 1);
    if (name.isEmpty()) {
      throw new IllegalArgumentException("the URL has no file name: give --output");
    }
    return Path.of(name);
  }

  private static String read(Call call, String file) throws IOException {
    try (InputStream in = call.open(file)) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("--cacerts: there is no file %s".formatted(file), e);
    }
  }
}
