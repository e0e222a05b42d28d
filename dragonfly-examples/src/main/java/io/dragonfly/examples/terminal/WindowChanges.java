package io.dragonfly.examples.terminal;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells when the terminal of this process becomes larger or smaller: the signal WINCH. Java hears
 * of signals in the module jdk.unsupported alone, which the compiler warns of and cannot be told
 * not to; hence by reflection.
 */
final class WindowChanges {
  private static final Logger log = LoggerFactory.getLogger(WindowChanges.class);

  private WindowChanges() {}

  /** Runs something at each change, on a thread of its own; the last one who asks is told. */
  static void follow(Runnable change) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object told =
          Proxy.newProxyInstance(
              WindowChanges.class.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) -> handle(change, self, method, arguments));
      Object winch = signal.getConstructor(String.class).newInstance("WINCH");
      signal.getMethod("handle", signal, handler).invoke(null, winch, told);
    } catch (ReflectiveOperationException | LinkageError e) {
      log.debug("This system does not tell when a terminal changes its size", e);
    }
  }

  private static Object handle(Runnable change, Object self, Method method, Object[] arguments) {
    return switch (method.getName()) {
      case "equals" -> self == arguments[0];
      case "hashCode" -> System.identityHashCode(self);
      case "toString" -> "WindowChanges";
      default -> {
        change.run();
        yield self; // handle() returns nothing, so this is ignored
      }
    };
  }
}
