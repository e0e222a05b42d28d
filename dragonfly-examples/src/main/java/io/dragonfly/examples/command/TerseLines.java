package io.dragonfly.examples.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.EncoderBase;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Writes each event of a log in one line for people: no trace, and no name of an exception. */
final class TerseLines extends EncoderBase<ILoggingEvent> {
  private static final byte[] NOTHING = {};

  private final DateTimeFormatter time;

  /** Lines with a time of such a form. */
  TerseLines(String time) {
    this.time = DateTimeFormatter.ofPattern(time, Locale.ROOT).withZone(ZoneId.systemDefault());
  }

  @Override
  public byte[] headerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] footerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    return String.format(
            Locale.ROOT,
            "%s %-5s %s%n",
            time.format(event.getInstant()),
            event.getLevel(),
            Failure.forPeople(event.getFormattedMessage()))
        .getBytes(UTF_8);
  }
}
