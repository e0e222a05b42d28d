package io.dragonfly.examples.dfdaemon;

import io.dragonfly.examples.command.Units;
import io.dragonfly.transport.http.proxy.ProxyRule;
import io.dragonfly.transport.http.proxy.Upstream;
import java.net.URI;
import java.util.regex.Pattern;

/**
 * Have picocli read the values of the proxy, so that a mistake is told with its option and line.
 */
final class ProxyConverters {
  private ProxyConverters() {}

  /** Reads {@code --registry}. */
  static final class Registry extends Units.Converter<URI> {
    Registry() {
      super(Upstream::registry);
    }
  }

  /** Reads {@code --upstream}. */
  static final class Mirrored extends Units.Converter<Upstream> {
    Mirrored() {
      super(Upstream::parse);
    }
  }

  /** Reads {@code --rule}. */
  static final class Rule extends Units.Converter<ProxyRule> {
    Rule() {
      super(ProxyRule::parse);
    }
  }

  /** Reads {@code --intercept}. */
  static final class Regex extends Units.Converter<Pattern> {
    Regex() {
      super(ProxyRule::regex);
    }
  }
}
