package io.dragonfly.spi;

/** What a source is told when it is made. Immutable; settings may be added. */
public final class SourceConfig {
  private final String userAgent;
  private final HostRules hosts;

  /**
   * The settings of a source.
   *
   * @param userAgent what it calls itself towards servers, unless a request says otherwise
   */
  public SourceConfig(String userAgent) {
    this(userAgent, HostRules.none());
  }

  /**
   * The settings of a source.
   *
   * @param userAgent what it calls itself towards servers, unless a request says otherwise
   * @param hosts which hosts may be read on behalf of other machines
   */
  public SourceConfig(String userAgent, HostRules hosts) {
    this.userAgent = userAgent;
    this.hosts = hosts;
  }

  /** Returns which hosts may be read on behalf of other machines. */
  public HostRules hosts() {
    return hosts;
  }

  /** Returns what the source calls itself towards servers, unless a request says otherwise. */
  public String userAgent() {
    return userAgent;
  }
}
