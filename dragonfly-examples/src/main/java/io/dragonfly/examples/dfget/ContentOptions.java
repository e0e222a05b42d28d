package io.dragonfly.examples.dfget;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.PemFile;
import io.dragonfly.examples.command.Units;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which of the contents behind a URL is meant, and how its source is asked for it. */
final class ContentOptions {
  @Option(
      names = "--header",
      split = "\u0000", // no command line has one: lists come from configuration files
      hideParamSyntax = true,
      paramLabel = "LINE|@FILE",
      description =
          "A header for the source, 'Name: value'; @FILE reads lines from a file, @- from"
              + " stdin, so that no list of processes shows them. May be given many times.")
  private List<String> headers = new ArrayList<>();

  @Option(
      names = "--digest",
      paramLabel = "DIGEST",
      converter = DigestConverter.class,
      description = "sha256:HEX or md5:HEX of the whole file.")
  private @Nullable Digest digest;

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
      names = "--insecure",
      arity = "0..1",
      fallbackValue = "true",
      paramLabel = "true|false",
      description = "Take each certificate of the source for good.")
  private boolean insecure;

  @Option(
      names = "--cacerts",
      split = ",",
      paramLabel = "FILE",
      description = "PEM files with certificates to trust beside the platform's own.")
  private List<String> caCerts = new ArrayList<>();

  /**
   * Returns the headers; files are read as the caller may.
   *
   * @throws IllegalArgumentException if a file cannot be read, or a line is no header
   */
  List<Headers.Header> headers(Call call) {
    return HeaderLines.read(call, headers);
  }

  Optional<Digest> digest() {
    return Optional.ofNullable(digest);
  }

  Optional<String> identifier() {
    return Optional.ofNullable(identifier);
  }

  List<String> filter() {
    return filter == null
        ? List.of()
        : Arrays.stream(filter.split("&")).filter(name -> !name.isEmpty()).toList();
  }

  boolean isInsecure() {
    return insecure;
  }

  /**
   * Returns the certificates in PEM; files are read as the caller may.
   *
   * @throws IllegalArgumentException if a file cannot be read, or has none
   */
  List<String> caCertificates(Call call) {
    return caCerts.stream()
        .map(file -> PemFile.check("--cacerts", file, CallerFile.read(call, "--cacerts", file)))
        .toList();
  }

  /** Tells whether something was said that only a single file has. */
  boolean isAboutOneFile() {
    return !headers.isEmpty() || filter != null || digest != null || identifier != null;
  }

  /** Reads a digest for picocli. */
  static final class DigestConverter extends Units.Converter<Digest> {
    DigestConverter() {
      super(Digest::parse);
    }
  }
}
