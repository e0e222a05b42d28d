package io.dragonfly.internal.access;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.SecurityEvent;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes each {@link SecurityEvent} as one JSON object to the logger {@value #LOGGER}. All calls of
 * operators are written. Strangers bring about refusals, so of each kind only {@link #BURST} are
 * written at once and then one each {@link #PACE}; the others are counted, and a line says how many
 * they were. Safe for concurrent use.
 */
public final class AuditLog implements AutoCloseable {
  /** The name of the logger, which programs route as they like. */
  public static final String LOGGER = "io.dragonfly.audit";

  /** Refusals of one kind that are written however fast they come. */
  static final int BURST = 20;

  /** The time for each further one. */
  static final Duration PACE = Duration.ofSeconds(1);

  /** How long after the first refusal that was left out it is said how many were. */
  static final Duration SAY_AFTER = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(LOGGER);

  /** All characters of the lines are ASCII: some others look like line breaks, or like none. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private final InstantSource clock;
  private final LongSupplier nanos;
  private final ScheduledExecutorService timer;

  @GuardedBy("this")
  private final Map<SecurityEvent.Kind, Refusals> refusals =
      new EnumMap<>(SecurityEvent.Kind.class);

  @GuardedBy("this")
  private boolean willSay;

  /** The refusals of one kind. */
  private static final class Refusals {
    /** One more may be written for each {@link #PACE} since then. */
    private long sinceNanos;

    private long leftOut;

    Refusals(long now) {
      sinceNanos = now - BURST * PACE.toNanos();
    }

    boolean mayWrite(long now) {
      long full = now - BURST * PACE.toNanos();
      if (sinceNanos - full < 0) {
        sinceNanos = full;
      }
      if (now - sinceNanos < PACE.toNanos()) {
        leftOut++;
        return false;
      }
      sinceNanos += PACE.toNanos();
      return true;
    }
  }

  /**
   * A log of this process.
   *
   * @param clock the time of day
   * @param nanos monotonic nanoseconds
   * @param timer stays its owner's
   */
  public AuditLog(InstantSource clock, LongSupplier nanos, ScheduledExecutorService timer) {
    this.clock = clock;
    this.nanos = nanos;
    this.timer = timer;
  }

  /** Writes an event, or counts it if there are too many of its kind. */
  public void write(SecurityEvent event) {
    if (LOG.isInfoEnabled() && (!event.kind().isRefusal() || mayWrite(event.kind()))) {
      ObjectNode line = begin(event.kind(), event.result().name());
      put(line, "who", event.who());
      put(line, "from", event.from());
      put(line, "what", event.what());
      put(line, "reason", event.reason());
      write(line);
    }
  }

  private boolean mayWrite(SecurityEvent.Kind kind) {
    boolean isFirst;
    synchronized (this) {
      long now = nanos.getAsLong();
      if (refusals.computeIfAbsent(kind, any -> new Refusals(now)).mayWrite(now)) {
        return true;
      }
      isFirst = !willSay;
      willSay = true;
    }
    if (isFirst) {
      try {
        var unused = timer.schedule(this::sayLeftOut, SAY_AFTER.toNanos(), TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        LOG.debug("the timer has ended: close says what was left out");
      }
    }
    return false;
  }

  /** Says how many refusals of each kind were not written since it was said last. */
  private void sayLeftOut() {
    Map<SecurityEvent.Kind, Long> counts = new EnumMap<>(SecurityEvent.Kind.class);
    synchronized (this) {
      willSay = false;
      refusals.forEach(
          (kind, all) -> {
            if (all.leftOut > 0) {
              counts.put(kind, all.leftOut);
              all.leftOut = 0;
            }
          });
    }
    counts.forEach(
        (kind, count) ->
            write(
                begin(kind, SecurityEvent.Result.REFUSED.name())
                    .put("left_out", count)
                    .put("reason", "so many more came than are written")));
  }

  private ObjectNode begin(SecurityEvent.Kind kind, String result) {
    return JSON.createObjectNode()
        .put("time", clock.instant().truncatedTo(ChronoUnit.MILLIS).toString())
        .put("event", kind.name().toLowerCase(Locale.ROOT))
        .put("outcome", result.toLowerCase(Locale.ROOT));
  }

  private static void put(ObjectNode line, String name, String value) {
    if (!value.isEmpty()) {
      line.put(name, value);
    }
  }

  private static void write(ObjectNode line) {
    try {
      LOG.info("{}", JSON.writeValueAsString(line));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("plain text did not become JSON", e);
    }
  }

  /** Says what was left out so far. */
  @Override
  public void close() {
    sayLeftOut();
  }
}
