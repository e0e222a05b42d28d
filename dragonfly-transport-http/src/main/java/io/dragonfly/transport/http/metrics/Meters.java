package io.dragonfly.transport.http.metrics;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.SecurityEvent;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Makes meters whose names begin alike. All values of a label are known beforehand, and each has
 * its counter from the start: what is missing cannot be told from what has not happened. Safe for
 * concurrent use.
 */
final class Meters {
  /** How a piece can fail to come. */
  static final Set<Outcome> FAILURES =
      Collections.unmodifiableSet(EnumSet.complementOf(EnumSet.of(Outcome.DONE)));

  private static final long STATE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final MeterRegistry registry;
  private final String prefix;

  Meters(MeterRegistry registry, String prefix) {
    this.registry = registry;
    this.prefix = prefix;
  }

  MeterRegistry registry() {
    return registry;
  }

  String name(String name) {
    return prefix + name;
  }

  Counter counter(String name, String help) {
    return Counter.builder(name(name)).description(help).register(registry);
  }

  /** A counter of bytes or seconds, whose name ends with that. */
  Counter counterOf(String unit, String name, String help) {
    return Counter.builder(name(name)).baseUnit(unit).description(help).register(registry);
  }

  /** A counter for each value that a label can have. */
  <E extends Enum<E>> ByLabel<E> counters(
      String name, @Nullable String unit, String help, String label, Class<E> values) {
    return counters(name, unit, help, label, EnumSet.allOf(values));
  }

  /** A counter for each of these values of a label. */
  <E extends Enum<E>> ByLabel<E> counters(
      String name, @Nullable String unit, String help, String label, Set<E> values) {
    Map<E, Counter> counters = new HashMap<>();
    for (E value : values) {
      counters.put(
          value,
          Counter.builder(name(name))
              .baseUnit(unit)
              .description(help)
              .tag(label, label(value))
              .register(registry));
    }
    return new ByLabel<>(counters);
  }

  /** The counter of security events, which peers and supernodes have. */
  ByLabel<SecurityEvent.Kind> securityEvents() {
    return counters(
        "security.events",
        null,
        "Operators' calls, and refusals that matter for security.",
        "event",
        SecurityEvent.Kind.class);
  }

  static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** A counter for each value of a label. */
  record ByLabel<E extends Enum<E>>(Map<E, Counter> counters) {
    void increment(E value) {
      add(value, 1);
    }

    void add(E value, long amount) {
      Objects.requireNonNull(counters.get(value)).increment((double) amount);
    }
  }

  /**
   * Gauges of one state. All that are read at about the same time are of the same moment: looking
   * at it may cost more than a number.
   */
  <S> Gauges<S> gauges(Supplier<S> state) {
    return new Gauges<>(state);
  }

  /** Gauges that end together. */
  final class Gauges<S> {
    private final Supplier<S> state;
    private final List<Meter> made = new ArrayList<>();
    private @Nullable S seen;
    private long seenNanos;

    private Gauges(Supplier<S> state) {
      this.state = state;
    }

    private synchronized S now() {
      long now = registry.config().clock().monotonicTime();
      S before = seen;
      if (before != null && now - seenNanos < STATE_NANOS) {
        return before;
      }
      S current = state.get();
      seen = current;
      seenNanos = now;
      return current;
    }

    Gauges<S> add(String name, @Nullable String unit, String help, ToDoubleFunction<S> value) {
      return add(name, unit, help, Tags.empty(), value);
    }

    Gauges<S> add(
        String name, @Nullable String unit, String help, Tags tags, ToDoubleFunction<S> value) {
      made.add(
          Gauge.builder(name(name), this, gauges -> value.applyAsDouble(gauges.now()))
              .baseUnit(unit)
              .description(help)
              .tags(tags)
              .strongReference(true)
              .register(registry));
      return this;
    }

    void end() {
      made.forEach(registry::remove);
    }
  }
}
