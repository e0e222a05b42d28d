package io.dragonfly.examples.dfget;

import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Units;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.rate.Rate;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import java.io.IOException;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of {@code dfget} that say what is fetched, and within which limits. */
final class DfgetRequestOptions {
  /** The output that is not a file but the caller's stdout. */
  static final String STDOUT = "-";

  private static final PosixFilePermission[] READ_WRITE = {
    PosixFilePermission.OTHERS_WRITE,
    PosixFilePermission.OTHERS_READ,
    PosixFilePermission.GROUP_WRITE,
    PosixFilePermission.GROUP_READ,
    PosixFilePermission.OWNER_WRITE,
    PosixFilePermission.OWNER_READ
  };

  @Option(
      names = {"--url", "-u"},
      paramLabel = "URL",
      description = "What to fetch: http or https.")
  private String url = "";

  @Option(
      names = {"--output", "-o"},
      paramLabel = "FILE",
      description =
          "Where it goes; - is stdout. Default: the URL's last element, in this directory.")
  private @Nullable String output;

  @Mixin private ContentOptions content = new ContentOptions();

  @Option(
      names = {"--md5", "-m"},
      paramLabel = "HEX",
      converter = Md5Converter.class,
      description = "MD5 of the whole file.")
  private @Nullable Digest md5;

  @Option(
      names = "--callsystem",
      paramLabel = "NAME",
      description = "A label for who asks; it is in the log, in the JSON and in dfget limit.")
  private @Nullable String callSystem;

  @Option(
      names = {"--pattern", "-p"},
      defaultValue = "p2p",
      paramLabel = "WAY",
      converter = PatternConverter.class,
      description = "p2p, cdn (without serving others) or source. Default: ${DEFAULT-VALUE}.")
  private FetchMode pattern = FetchMode.P2P;

  @Option(
      names = {"--locallimit", "-s"},
      paramLabel = "RATE",
      converter = Units.LimitConverter.class,
      description = "Bytes per second for this file, such as 20M. Default: no limit.")
  private Units.Limit localLimit = Units.Limit.NONE;

  @Option(
      names = "--minrate",
      paramLabel = "RATE",
      converter = Units.LimitConverter.class,
      description = "Give up what is slower on average after 10 s, such as 64K. Default: never.")
  private Units.Limit minRate = Units.Limit.NONE;

  @Option(
      names = {"--timeout", "-e"},
      paramLabel = "TIME",
      converter = Units.TimeConverter.class,
      description = "How long all may take, such as 5m. Default: as long as bytes come.")
  private @Nullable Duration timeout;

  /** Tells whether the content goes to stdout. */
  boolean isForStdout() {
    return STDOUT.equals(output);
  }

  /** Returns the label of who asks. */
  Optional<String> callSystem() {
    return Optional.ofNullable(callSystem);
  }

  /**
   * Returns the URL as it may be shown; empty if none was given.
   *
   * @param arguments of the call, which say it where a mistake ended their reading before it
   */
  String shownUrl(List<String> arguments) {
    return SourceUrl.shown(url.isEmpty() ? SourceUrl.in(arguments) : url);
  }

  /**
   * Returns what to fetch; files are read as the caller may.
   *
   * @throws IllegalArgumentException if options do not allow it
   */
  FetchRequest toRequest(Call call) throws IOException {
    FetchRequest.Builder builder = SourceUrl.request(url);
    if (!isForStdout()) {
      builder.output(call.directory().resolve(SourceUrl.output(url, output)));
      call.umask().ifPresent(umask -> builder.outputMode(mode(umask)));
    }
    for (Headers.Header header : content.headers(call)) {
      builder.header(header.name(), header.value());
    }
    if (content.digest().isPresent() && md5 != null) {
      throw new IllegalArgumentException("--digest and --md5 exclude each other");
    }
    content.digest().or(() -> Optional.ofNullable(md5)).ifPresent(builder::digest);
    content.identifier().ifPresent(builder::identifier);
    builder.filter(content.filter());
    if (isLess(localLimit.rate(), minRate.rate())) {
      throw new IllegalArgumentException("--locallimit is less than --minrate");
    }
    localLimit.rate().ifPresent(builder::rate);
    minRate.rate().ifPresent(builder::minRate);
    if (timeout != null && !timeout.isZero()) {
      builder.timeout(timeout);
    }
    content.caCertificates(call).forEach(builder::caCertificate);
    return builder.pattern(pattern).insecure(content.isInsecure()).build();
  }

  /** Returns the mode that the caller's own new file would have. */
  private static Set<PosixFilePermission> mode(int umask) {
    Set<PosixFilePermission> mode = EnumSet.noneOf(PosixFilePermission.class);
    for (int i = 0; i < READ_WRITE.length; i++) {
      // From the others' right to write on, which is the second lowest bit.
      int bit = 1 << (3 * (i / 2) + 1 + i % 2);
      if ((umask & bit) == 0) {
        mode.add(READ_WRITE[i]);
      }
    }
    return mode;
  }

  private static boolean isLess(Optional<Rate> one, Optional<Rate> other) {
    return one.isPresent()
        && other.isPresent()
        && one.get().bytesPerSecond() < other.get().bytesPerSecond();
  }

  /** Reads an MD5 for picocli. */
  static final class Md5Converter extends Units.Converter<Digest> {
    Md5Converter() {
      super(hex -> new Digest(Digest.MD5, hex.toLowerCase(Locale.ROOT)));
    }
  }

  /** Reads a pattern for picocli. */
  static final class PatternConverter extends Units.Converter<FetchMode> {
    PatternConverter() {
      super(PatternConverter::parse);
    }

    private static FetchMode parse(String name) {
      return switch (name) {
        case "p2p" -> FetchMode.P2P;
        case "cdn" -> FetchMode.CDN;
        case "source" -> FetchMode.SOURCE;
        default ->
            throw new IllegalArgumentException("'%s' is not p2p, cdn or source".formatted(name));
      };
    }
  }
}
