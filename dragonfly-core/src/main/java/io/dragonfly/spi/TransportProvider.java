package io.dragonfly.spi;

/** Makes a {@link Transport}. Found by ServiceLoader; an instance given to a builder wins. */
public interface TransportProvider {
  /** Returns the name that settings choose it by, such as {@code http}. */
  String name();

  /**
   * Makes a transport. The caller closes it.
   *
   * @throws IllegalArgumentException if it cannot do what the settings say
   */
  Transport create(TransportConfig config);
}
