package io.dragonfly.examples.soak;

import io.dragonfly.task.Digest;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A file of random bytes that nobody has to keep: each block of it follows from its seed.
 *
 * @param name its name at the source
 * @param seed decides its bytes
 * @param length how many there are
 * @param digest what who got it must have
 */
record SoakFile(String name, long seed, int length, Digest digest) {
  static final int BLOCK = 64 << 10;

  static SoakFile random(String name, long seed, int length) {
    MessageDigest sha = Digest.newSha256();
    for (int at = 0; at < length; at += BLOCK) {
      sha.update(block(seed, at / BLOCK), 0, Math.min(BLOCK, length - at));
    }
    return new SoakFile(name, seed, length, Digest.of(sha));
  }

  /** Returns a part of the file that lies within one block. */
  byte[] bytes(int start, int end) {
    int block = start / BLOCK;
    return Arrays.copyOfRange(block(seed, block), start - block * BLOCK, end - block * BLOCK);
  }

  private static byte[] block(long seed, int number) {
    byte[] bytes = new byte[BLOCK];
    new SplittableRandom(seed * 31 + number).nextBytes(bytes);
    return bytes;
  }
}
