package io.dragonfly.spi;

/** What a source is told when it is made. Immutable; settings may be added. */
public final class SourceConfig {
  private final String userAgent;

  /**
   * The settings of a source.
   *
   * @param userAgent what it calls itself towards servers, unless a request says otherwise
   */
  public SourceConfig(String userAgent) {
    this.userAgent = userAgent;
  }

  /** Returns what the source calls itself towards servers, unless a request says otherwise. */
  public String userAgent() {
    return userAgent;
  }
}
