package io.dragonfly.fetch;

import io.dragonfly.rate.Rate;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.Trust;
import java.net.URI;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which content is fetched, where it goes, and within which limits. Immutable. */
public final class FetchRequest {
  private final ContentRequest content;
  private final @Nullable Path output;
  private final @Nullable Set<PosixFilePermission> outputMode;
  private final @Nullable ByteRange range;
  private final @Nullable Rate rate;
  private final @Nullable Rate minRate;
  private final @Nullable Duration timeout;
  private final Duration supernodePatience;
  private final FetchMode pattern;
  private final boolean verifyFile;

  private FetchRequest(Builder builder) {
    this.content =
        new ContentRequest(
            builder.url,
            builder.filter,
            Optional.ofNullable(builder.digest),
            Optional.ofNullable(builder.identifier),
            Headers.of(builder.headers),
            new Trust(builder.insecure, builder.caCertificates));
    this.output = builder.output;
    this.outputMode = builder.outputMode;
    this.range = builder.range;
    this.rate = builder.rate;
    this.minRate = builder.minRate;
    this.timeout = builder.timeout;
    this.supernodePatience = builder.supernodePatience;
    this.pattern = builder.pattern;
    this.verifyFile = builder.verifyFile;
  }

  /**
   * Begins a request.
   *
   * @throws IllegalArgumentException if the text is no URL
   */
  public static Builder builder(String url) {
    return new Builder(URI.create(url));
  }

  /** Begins a request. */
  public static Builder builder(URI url) {
    return new Builder(url);
  }

  /** Returns which content is wanted. */
  public ContentRequest content() {
    return content;
  }

  /** Returns where the content goes; absent for a stream or a prefetch. */
  public Optional<Path> output() {
    return Optional.ofNullable(output);
  }

  /** Returns the mode of the file there; that of any new file of this process if absent. */
  public Optional<Set<PosixFilePermission>> outputMode() {
    return Optional.ofNullable(outputMode);
  }

  /** Returns the bytes that are wanted, if not all are. */
  public Optional<ByteRange> range() {
    return Optional.ofNullable(range);
  }

  /** Returns how fast the content may come; without limit if absent. */
  public Optional<Rate> rate() {
    return Optional.ofNullable(rate);
  }

  /**
   * Checks a rate that the content may come at.
   *
   * @throws IllegalArgumentException if it is less than {@link Rate#LEAST_LIMIT} or {@link
   *     #minRate}
   */
  public void checkRate(Rate limit) {
    limit.checkLimit("rate");
    if (minRate != null && minRate.bytesPerSecond() > limit.bytesPerSecond()) {
      throw new IllegalArgumentException(
          "rate is %s, must be >= minRate, which is %s".formatted(limit, minRate));
    }
  }

  /** Returns how fast the content must come on average; no matter how fast if absent. */
  public Optional<Rate> minRate() {
    return Optional.ofNullable(minRate);
  }

  /** Returns how long all may take; without limit if absent, since no progress ends it anyway. */
  public Optional<Duration> timeout() {
    return Optional.ofNullable(timeout);
  }

  /** Returns how long a supernode that answers no call is waited for. */
  public Duration supernodePatience() {
    return supernodePatience;
  }

  /** Returns which way the content takes. */
  public FetchMode pattern() {
    return pattern;
  }

  /** Tells whether the finished file is read again and compared with the digest that was given. */
  public boolean verifyFile() {
    return verifyFile;
  }

  @Override
  public String toString() {
    return "FetchRequest[" + content + (output == null ? "" : " to " + output) + "]";
  }

  /** Makes a {@link FetchRequest}. Not safe for concurrent use. */
  public static final class Builder {
    private final URI url;
    private final List<Headers.Header> headers = new ArrayList<>();
    private final List<String> filter = new ArrayList<>();
    private final List<String> caCertificates = new ArrayList<>();
    private @Nullable Path output;
    private @Nullable Set<PosixFilePermission> outputMode;
    private @Nullable Digest digest;
    private @Nullable String identifier;
    private @Nullable ByteRange range;
    private @Nullable Rate rate;
    private @Nullable Rate minRate;
    private @Nullable Duration timeout;
    private Duration supernodePatience = Duration.ofSeconds(15);
    private FetchMode pattern = FetchMode.P2P;
    private boolean verifyFile;
    private boolean insecure;

    private Builder(URI url) {
      this.url = url;
    }

    /** The path at which the content appears, whole or not at all. */
    public Builder output(Path path) {
      this.output = path;
      return this;
    }

    /**
     * The mode that the file at the output path gets, whatever the umask of this process; that of
     * any new file of this process unless set. POSIX file systems alone have modes: elsewhere the
     * fetch fails with an {@link io.dragonfly.error.OutputException}.
     */
    public Builder outputMode(Set<PosixFilePermission> mode) {
      this.outputMode = Set.copyOf(mode);
      return this;
    }

    /** A header for the source; may be called many times. */
    public Builder header(String name, String value) {
      headers.add(new Headers.Header(name, value));
      return this;
    }

    /** The digest that the whole content must have. */
    public Builder digest(Digest expected) {
      this.digest = expected;
      return this;
    }

    /** Query parameters that do not choose the content, such as signatures. */
    public Builder filter(List<String> parameters) {
      filter.addAll(parameters);
      return this;
    }

    /** A name of the user's own that tells versions apart. */
    public Builder identifier(String name) {
      this.identifier = name;
      return this;
    }

    /** The bytes that are wanted; all unless set. */
    public Builder range(ByteRange bytes) {
      this.range = bytes;
      return this;
    }

    /** How fast the content may come, 1 KiB/s at least; without limit unless set. */
    public Builder rate(Rate limit) {
      this.rate = limit;
      return this;
    }

    /**
     * How fast the content must come on average; no matter how fast unless set. A fetch may take 10
     * s and the time that its bytes so far need at this rate. After that it fails with {@link
     * io.dragonfly.error.NoProgressException}, whether its length is known or not. Bytes that the
     * store had already count; the time in which a stream waits for its reader does not.
     */
    public Builder minRate(Rate least) {
      this.minRate = least;
      return this;
    }

    /** How long all may take; without limit unless set. */
    public Builder timeout(Duration limit) {
      this.timeout = limit;
      return this;
    }

    /**
     * How long a supernode that takes connections and answers no call is waited for before this
     * fetch ends as {@link io.dragonfly.error.SupernodeUnreachableException}; 15 s unless set,
     * since a machine with too much to do may give it no processor for as long. Who can get the
     * content in another way sets less. It is found out by questions that are given 4 s each, the
     * first after 2 s, so it takes 6 s at least and up to 4 s longer than this. Of several
     * supernodes the next one is asked after 3 to 6 s, and the fetch ends when none is waited for.
     */
    public Builder supernodePatience(Duration silence) {
      this.supernodePatience = silence;
      return this;
    }

    /** Which way the content takes; {@link FetchMode#P2P} unless set. */
    public Builder pattern(FetchMode way) {
      this.pattern = way;
      return this;
    }

    /** Reads the finished file once more and compares its digest; pieces are always verified. */
    public Builder verifyFile(boolean verify) {
      this.verifyFile = verify;
      return this;
    }

    /** Takes each certificate of the source for good. */
    public Builder insecure(boolean takeAny) {
      this.insecure = takeAny;
      return this;
    }

    /** A certificate in PEM that is trusted beside the platform's own; may be called many times. */
    public Builder caCertificate(String pem) {
      caCertificates.add(pem);
      return this;
    }

    /**
     * Checks and makes the request.
     *
     * @throws IllegalArgumentException if the URL cannot be used, the timeout or the patience is
     *     not positive, the rate is less than {@link Rate#LEAST_LIMIT}, or parts contradict each
     *     other
     */
    public FetchRequest build() {
      if (timeout != null) {
        checkPositive("timeout", timeout);
      }
      checkPositive("supernodePatience", supernodePatience);
      if (outputMode != null && output == null) {
        throw new IllegalArgumentException("outputMode is set, but there is no output");
      }
      FetchRequest request = new FetchRequest(this);
      request.rate().ifPresent(request::checkRate);
      return request;
    }

    private static void checkPositive(String name, Duration time) {
      if (time.isNegative() || time.isZero()) {
        throw new IllegalArgumentException("%s is %s, must be > 0".formatted(name, time));
      }
    }
  }
}
