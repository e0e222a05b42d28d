package io.dragonfly.internal.access;

import com.google.common.base.Ticker;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.Requester;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.TaskKey;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Remembers which files, named by a digest, their sources gave lately to requests without
 * credentials. Everybody could read them, so everybody may have them while the source cannot be
 * reached. Safe for concurrent use.
 */
public final class AnonymousReads {
  private static final int MOST = 100_000;

  private final Cache<Subject, SourceVersion> known;

  /** A file at one URL: another URL of the same bytes may be another user's. */
  private record Subject(TaskKey key, String url, Requester requester) {}

  /**
   * Remembers nothing yet.
   *
   * @param ttl how long an answer of a source is remembered; zero remembers none
   * @param nanos monotonic time
   */
  public AnonymousReads(Duration ttl, LongSupplier nanos) {
    this.known =
        CacheBuilder.newBuilder()
            .maximumSize(MOST)
            .expireAfterWrite(ttl)
            .ticker(
                new Ticker() {
                  @Override
                  public long read() {
                    return nanos.getAsLong();
                  }
                })
            .build();
  }

  /** A source has given a file, or has said that it would. */
  public void given(ContentRequest content, Requester requester, SourceVersion version) {
    if (content.digest().isPresent() && !content.hasCredentials()) {
      known.put(subject(content, requester), version);
    }
  }

  /**
   * Returns the version to go on with although a source has failed. Empty if the source can be
   * reached, or did not give the file lately to a request without credentials. If it has just
   * refused the file to such a request, nobody gets it any more.
   */
  public Optional<SourceVersion> instead(
      ContentRequest content, Requester requester, DistributionException failure) {
    if (content.digest().isEmpty()) {
      return Optional.empty();
    }
    if (isRefusal(failure) && !content.hasCredentials()) {
      known.invalidate(subject(content, requester));
    }
    return isUnreachable(failure)
        ? Optional.ofNullable(known.getIfPresent(subject(content, requester)))
        : Optional.empty();
  }

  /** The file is not for everybody, or not there any more: 401, 403, 404 or 410. */
  private static boolean isRefusal(DistributionException failure) {
    return failure instanceof AccessRefusedException || failure instanceof ContentNotFoundException;
  }

  /** There was no answer, or only that of a gateway whose server does not answer. */
  private static boolean isUnreachable(DistributionException failure) {
    if (!(failure instanceof SourceFailedException failed)) {
      return false;
    }
    int status = failed.status().orElse(0);
    return status == 0 || status == 502 || status == 503 || status == 504;
  }

  private static Subject subject(ContentRequest content, Requester requester) {
    return new Subject(content.key(), content.url().toString(), requester);
  }
}
