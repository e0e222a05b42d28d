package io.dragonfly.transport.http.internal.tls;

import java.security.cert.CertificateException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The other side is not who it should be. The message says what to do about it. */
public final class UntrustedException extends CertificateException {
  private static final long serialVersionUID = 1L;

  UntrustedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Returns why a failure that TLS has wrapped came about, if it was one of these. */
  public static Optional<String> reason(Throwable failure) {
    Throwable cause = failure;
    for (int i = 0; cause != null && i < 10; i++) {
      if (cause instanceof UntrustedException untrusted) {
        return Optional.of(String.valueOf(untrusted.getMessage()));
      }
      cause = cause.getCause();
    }
    return Optional.empty();
  }
}
