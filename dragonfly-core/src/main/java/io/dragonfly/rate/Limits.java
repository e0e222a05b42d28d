package io.dragonfly.rate;

import java.util.Optional;

/** The limits of a client, at one moment; an absent one is no limit. Immutable. */
public final class Limits {
  private final Optional<Rate> downloadRate;
  private final Optional<Rate> uploadRate;
  private final Optional<Rate> totalRate;
  private final Optional<Rate> hostRate;

  /**
   * Limits.
   *
   * @param downloadRate of all that the client fetches over the network
   * @param uploadRate of all that it uploads
   * @param totalRate the rate that the client sets for the whole host
   * @param hostRate the rate that holds for the host: the lowest that one of its processes sets;
   *     empty if the client does not take part in the host limit
   */
  public Limits(
      Optional<Rate> downloadRate,
      Optional<Rate> uploadRate,
      Optional<Rate> totalRate,
      Optional<Rate> hostRate) {
    this.downloadRate = downloadRate;
    this.uploadRate = uploadRate;
    this.totalRate = totalRate;
    this.hostRate = hostRate;
  }

  /** Returns the rate of all that the client fetches over the network. */
  public Optional<Rate> downloadRate() {
    return downloadRate;
  }

  /** Returns the rate of all that the client uploads. */
  public Optional<Rate> uploadRate() {
    return uploadRate;
  }

  /** Returns the rate in each direction that the client sets for the whole host. */
  public Optional<Rate> totalRate() {
    return totalRate;
  }

  /**
   * Returns the rate that holds for the host: the lowest that one of its processes sets. Empty if
   * the client does not take part in the host limit.
   */
  public Optional<Rate> hostRate() {
    return hostRate;
  }

  @Override
  public String toString() {
    return "download %s, upload %s, total %s, host %s"
        .formatted(text(downloadRate), text(uploadRate), text(totalRate), text(hostRate));
  }

  private static String text(Optional<Rate> rate) {
    return rate.map(Rate::toString).orElse("without limit");
  }
}
