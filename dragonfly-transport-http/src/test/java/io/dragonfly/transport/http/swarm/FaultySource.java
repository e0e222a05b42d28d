package io.dragonfly.transport.http.swarm;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a web server does with one file, rightly or wrongly. The file is replaced by {@link #put};
 * how many bytes it sent is counted.
 */
final class FaultySource implements RawSource.Handler {
  private final AtomicInteger wholes = new AtomicInteger();
  private final AtomicLong sent = new AtomicLong();
  private final Fault fault;
  private volatile byte[] bytes;
  private volatile int version;
  private volatile int breaksAt = Integer.MAX_VALUE;
  private volatile Runnable atHalf = () -> {};

  /** What is not as it should be. */
  enum Fault {
    NONE,
    NO_RANGES,
    NO_LENGTH,
    NO_VALIDATOR,
    WEAK_TAG,
    DATE_ALONE,
    YOUNG_DATE,
    CODED,
    SHIFTED_RANGE,
    OTHER_TOTAL,
    WHOLE_FOR_RANGE,
    BREAKS_ONCE,
    BREAKS_ALWAYS,
    SENDS_MORE
  }

  FaultySource(Fault fault, byte[] bytes) {
    this.fault = fault;
    this.bytes = bytes;
    if (fault == Fault.BREAKS_ONCE
        || fault == Fault.BREAKS_ALWAYS
        || fault == Fault.SHIFTED_RANGE
        || fault == Fault.OTHER_TOTAL
        || fault == Fault.WHOLE_FOR_RANGE) {
      breaksAt = bytes.length / 2;
    }
  }

  /** Another file comes to the same name, and what is being sent of the old one goes on. */
  void put(byte[] other) {
    version++;
    bytes = other;
  }

  /** The file is overwritten in place: what is being sent goes on in the new bytes. */
  void overwrite(byte[] other) {
    version++;
    System.arraycopy(other, 0, bytes, 0, other.length);
  }

  /** Runs something when half of the file has been sent. */
  void atHalf(Runnable action) {
    atHalf = action;
  }

  /** The first answer with the whole file ends here. */
  void breakAt(int offset) {
    breaksAt = offset;
  }

  /** Returns how many bytes of the file have been sent. */
  long sent() {
    return sent.get();
  }

  @Override
  public void answer(RawSource.Ask ask, OutputStream out) throws IOException {
    byte[] now = bytes;
    boolean ranges = fault != Fault.NO_RANGES && fault != Fault.NO_LENGTH;
    boolean resumed = ask.isRange() && !ask.isProbe();
    boolean isSame = ask.header("if-range").isEmpty() || ask.header("if-range").equals(validator());
    boolean part =
        ask.isRange() && ranges && isSame && !(resumed && fault == Fault.WHOLE_FOR_RANGE);
    int start = part ? ask.start() : 0;
    int end = part ? ask.end(now.length) : now.length;
    List<String> head = new ArrayList<>(List.of(part ? "206 Partial Content" : "200 OK"));
    describe(head, now, start, end, part, resumed);
    RawSource.head(out, head.toArray(String[]::new));
    boolean isFirst = !ask.isRange() && wholes.getAndIncrement() == 0;
    boolean breaks = fault == Fault.BREAKS_ALWAYS ? !ask.isProbe() : isFirst;
    send(out, now, start, breaks ? Math.min(end, breaksAt) : end);
    if (fault == Fault.SENDS_MORE && !part) {
      out.write(new byte[1000]);
    }
  }

  private void describe(
      List<String> head, byte[] now, int start, int end, boolean part, boolean resumed) {
    if (!validator().isEmpty()) {
      boolean isDate = fault == Fault.DATE_ALONE || fault == Fault.YOUNG_DATE;
      head.add((isDate ? "Last-Modified: " : "ETag: ") + validator());
    }
    head.add(
        "Date: Mon, 05 Jan 2026 12:00:"
            + (fault == Fault.YOUNG_DATE ? "0" + version : "30")
            + " GMT");
    if (fault == Fault.CODED) {
      head.add("Content-Encoding: gzip");
    }
    if (part) {
      int shift = resumed && fault == Fault.SHIFTED_RANGE ? 1 : 0;
      int total = now.length + (resumed && fault == Fault.OTHER_TOTAL ? 1 : 0);
      head.add("Content-Range: bytes %d-%d/%d".formatted(start + shift, end - 1 + shift, total));
    }
    if (fault != Fault.NO_LENGTH) {
      head.add("Content-Length: " + (end - start));
    }
  }

  private String validator() {
    return switch (fault) {
      case NO_VALIDATOR -> "";
      case WEAK_TAG -> "W/\"" + version + "\"";
      case DATE_ALONE, YOUNG_DATE -> "Mon, 05 Jan 2026 12:00:0" + version + " GMT";
      default -> "\"" + version + "\"";
    };
  }

  private void send(OutputStream out, byte[] now, int start, int end) throws IOException {
    int half = now.length / 2;
    for (int at = start; at < end; ) {
      int stop = at < half ? Math.min(end, half) : end;
      int count = Math.min(stop - at, 64 << 10);
      out.write(Arrays.copyOfRange(now, at, at + count));
      sent.addAndGet(count);
      at += count;
      if (at == half) {
        out.flush();
        atHalf.run();
      }
    }
  }
}
