package io.dragonfly.examples.thin;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The terminal behind stderr. Loaded only where there is one. */
final class StderrTerminal implements InvocationHandler {
  private final Connection connection;

  private StderrTerminal(Connection connection) {
    this.connection = connection;
  }

  /** Tells the background peer each time the terminal gets another width. */
  static void onResize(Connection connection) {
    try {
      // By name: compilers from Java 25 on take each mention of these for a mistake.
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object terminal =
          Proxy.newProxyInstance(
              StderrTerminal.class.getClassLoader(),
              new Class<?>[] {handler},
              new StderrTerminal(connection));
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance("WINCH"), terminal);
    } catch (ReflectiveOperationException e) {
      // a system without that signal: the width stays what it was
    }
  }

  /** The terminal has another width. */
  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object[] arguments) {
    try {
      int columns = columns();
      if (columns > 0) {
        connection.sendColumns(columns);
      }
    } catch (IOException e) {
      // the call is over, or the width is not known
    }
    return null;
  }

  private static int columns() throws IOException {
    Process stty =
        new ProcessBuilder("stty", "size")
            .redirectInput(new File("/dev/fd/2"))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String size;
    try (var out = stty.getInputStream()) {
      size = new String(out.readNBytes(64), StandardCharsets.US_ASCII).trim();
    }
    int space = size.indexOf(' ');
    try {
      return space < 0 ? 0 : Integer.parseInt(size.substring(space + 1));
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
