package io.dragonfly.testkit;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Honest bytes and texts with some things changed, the same for the same seed. */
public final class Mutations {
  private final Random random;
  private final byte[] alphabet;

  /**
   * Changes that a seed decides.
   *
   * @param alphabet what characters become, half of the time; the other half they become any byte
   */
  public Mutations(long seed, String alphabet) {
    this.random = new Random(seed);
    this.alphabet = alphabet.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Returns the same text, or one with up to four changes; its characters are bytes. */
  public String of(String honest) {
    return new String(
        of(honest.getBytes(StandardCharsets.ISO_8859_1)), StandardCharsets.ISO_8859_1);
  }

  /** Returns bytes with up to four changes, cut short or with a part of them twice. */
  public byte[] of(byte[] honest) {
    byte[] changed = honest.clone();
    for (int left = random.nextInt(5); left > 0 && changed.length > 0; left--) {
      changed[random.nextInt(changed.length)] = one();
    }
    int at = random.nextInt(changed.length + 1);
    return switch (random.nextInt(8)) {
      case 0 -> Arrays.copyOf(changed, at);
      case 1 -> joined(changed, Arrays.copyOfRange(changed, at, changed.length));
      case 2 -> joined(Arrays.copyOf(changed, at), changed);
      default -> changed;
    };
  }

  private byte one() {
    return random.nextBoolean()
        ? alphabet[random.nextInt(alphabet.length)]
        : (byte) random.nextInt();
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }
}
