package io.dragonfly.testkit;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/** Honest bytes and texts with some things changed, the same for the same seed. */
public final class Mutations {
  private static final int MOST_CHANGES = 4;

  /** Where readers of numbers go wrong; as text and, in the sizes that fit, as bytes. */
  private static final List<String> NUMBERS =
      List.of(
          "0",
          "-1",
          "127",
          "128",
          "255",
          "65535",
          "65536",
          "2147483647",
          "2147483648",
          "-2147483648",
          "4294967295",
          "9223372036854775807",
          "9223372036854775808",
          "-9223372036854775808",
          "99999999999999999999999",
          "1e400",
          "0.5",
          "00");

  private final Random random;
  private final byte[] alphabet;
  private final List<byte[]> others;

  /**
   * Changes that a seed decides.
   *
   * @param alphabet what characters become, half of the time; the other half they become any byte
   */
  public Mutations(long seed, String alphabet) {
    this(seed, alphabet, List.of());
  }

  /**
   * Changes that a seed decides.
   *
   * @param alphabet what characters become, half of the time; the other half they become any byte
   * @param others inputs that parts are taken from
   */
  public Mutations(long seed, String alphabet, List<byte[]> others) {
    this.random = new Random(seed);
    this.alphabet = alphabet.getBytes(StandardCharsets.ISO_8859_1);
    this.others = List.copyOf(others);
  }

  /** Returns the same text, or one with up to four changes; its characters are bytes. */
  public String of(String honest) {
    return new String(
        of(honest.getBytes(StandardCharsets.ISO_8859_1)), StandardCharsets.ISO_8859_1);
  }

  /** Returns the same bytes, or bytes with up to four changes. */
  public byte[] of(byte[] honest) {
    byte[] changed = honest.clone();
    for (int left = random.nextInt(MOST_CHANGES + 1); left > 0; left--) {
      changed = change(changed);
    }
    return changed;
  }

  private byte[] change(byte[] from) {
    int start = random.nextInt(from.length + 1);
    int end = start + random.nextInt(from.length - start + 1);
    return switch (random.nextInt(16)) {
      case 0 -> joined(from, start, from, from.length); // the end is cut off
      case 1 -> joined(from, start, from, end); // a part is left out
      case 2 -> joined(from, end, from, start); // a part is there twice
      case 3 -> joined(from, start, new byte[] {one()}, from, start);
      case 4 -> joined(from, start, from, Math.min(from.length, start + 1));
      case 5 -> joined(from, start, number(), from, digitsEnd(from, start));
      case 6 -> withBinaryNumber(from, start);
      case 7 -> spliced(from, start);
      case 8, 9, 10 -> with(from, start, (byte) (at(from, start) ^ (1 << random.nextInt(8))));
      default -> with(from, start, one());
    };
  }

  private byte[] spliced(byte[] from, int start) {
    byte[] other = others.isEmpty() ? from : others.get(random.nextInt(others.size()));
    return joined(from, start, other, random.nextInt(other.length + 1));
  }

  private byte[] number() {
    return NUMBERS.get(random.nextInt(NUMBERS.size())).getBytes(StandardCharsets.ISO_8859_1);
  }

  private static int digitsEnd(byte[] from, int start) {
    int end = start;
    while (end < from.length && from[end] >= '0' && from[end] <= '9') {
      end++;
    }
    return end;
  }

  /** Puts the bits of a number with 1, 2, 4 or 8 bytes, which is least, most, or -1. */
  private byte[] withBinaryNumber(byte[] from, int start) {
    byte[] changed = from.clone();
    int bytes = 1 << random.nextInt(4);
    int kind = random.nextInt(4);
    for (int i = 0; i < bytes && start + i < changed.length; i++) {
      int first = kind == 0 ? 0x7f : kind == 1 ? 0x80 : kind == 2 ? 0xff : 0;
      int next = kind == 0 || kind == 2 ? 0xff : 0;
      changed[start + i] = (byte) (i == 0 ? first : next);
    }
    return changed;
  }

  private byte one() {
    return random.nextBoolean()
        ? alphabet[random.nextInt(alphabet.length)]
        : (byte) random.nextInt();
  }

  private static byte at(byte[] from, int place) {
    return place < from.length ? from[place] : 0;
  }

  private static byte[] with(byte[] from, int place, byte value) {
    byte[] changed = from.clone();
    if (place < changed.length) {
      changed[place] = value;
    }
    return changed;
  }

  /** Returns what one has before a place, and another from a place on. */
  private static byte[] joined(byte[] first, int before, byte[] second, int from) {
    return joined(first, before, new byte[0], second, from);
  }

  private static byte[] joined(byte[] first, int before, byte[] middle, byte[] last, int from) {
    byte[] all = new byte[before + middle.length + last.length - from];
    System.arraycopy(first, 0, all, 0, before);
    System.arraycopy(middle, 0, all, before, middle.length);
    System.arraycopy(last, from, all, before + middle.length, last.length - from);
    return all;
  }
}
