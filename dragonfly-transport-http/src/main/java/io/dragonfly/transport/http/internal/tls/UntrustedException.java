package io.dragonfly.transport.http.internal.tls;

import java.security.cert.CertificateException;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** The other side is not who it should be. The message says what to do about it. */
public final class UntrustedException extends CertificateException {
  private static final long serialVersionUID = 1L;

  UntrustedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Returns why a failure that TLS has wrapped came about, if it was one of these. */
  public static Optional<String> reason(Throwable failure) {
    return causes(failure)
        .filter(UntrustedException.class::isInstance)
        .map(untrusted -> String.valueOf(untrusted.getMessage()))
        .findFirst();
  }

  /** Tells whether a failure came about since the other side's certificate is not taken. */
  public static boolean isCauseOf(@Nullable Throwable failure) {
    return causes(failure)
        .anyMatch(
            cause ->
                cause instanceof CertificateException
                    || cause instanceof SSLPeerUnverifiedException);
  }

  private static Stream<Throwable> causes(@Nullable Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .limit(10)
        .map(Objects::requireNonNull);
  }
}
