package io.dragonfly.transport.http.internal.wire;

import java.time.DateTimeException;
import java.util.Arrays;
import java.util.Optional;

/** Turns what values refuse to be made of into {@link WireException}s. */
final class Values {
  private Values() {}

  /** Reads a message. */
  interface Reading<T> {
    T read() throws WireException;
  }

  /**
   * Reads a message whose values check themselves.
   *
   * @throws WireException also where a value does not accept what was sent
   */
  static <T> T checked(Reading<T> reading) throws WireException {
    try {
      return reading.read();
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
      throw new WireException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns the constant of this name, if there is one. */
  static <E extends Enum<E>> Optional<E> named(Class<E> type, String name) {
    return Arrays.stream(type.getEnumConstants()).filter(e -> e.name().equals(name)).findFirst();
  }
}
