package io.dragonfly.error;

import java.util.List;

/** The source refuses access with these credentials, or wants some: it answered 401, 403 or 407. */
public final class AccessRefusedException extends DistributionException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final List<String> challenges;

  /**
   * Says what the source answered.
   *
   * @param status its HTTP status
   * @param challenges the values of its WWW-Authenticate headers
   */
  public AccessRefusedException(String message, int status, List<String> challenges) {
    super(ErrorKind.ACCESS_REFUSED, Retry.AFTER_A_CHANGE, message, null);
    this.status = status;
    this.challenges = List.copyOf(challenges);
  }

  /** Returns the source's HTTP status. */
  public int status() {
    return status;
  }

  /** Returns the values of the source's WWW-Authenticate headers. */
  public List<String> challenges() {
    return challenges;
  }
}
