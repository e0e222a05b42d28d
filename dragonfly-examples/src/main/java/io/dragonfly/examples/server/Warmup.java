package io.dragonfly.examples.server;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Has the compiler do its work before anybody waits for it. */
final class Warmup {
  private static final int BYTES = 8 << 20;
  private static final int CHUNK_BYTES = 64 << 10;

  private Warmup() {}

  /** Hashes 8 MiB: uncompiled, a digest is a hundred times slower than a network. */
  static void run() {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      byte[] chunk = new byte[CHUNK_BYTES];
      for (int done = 0; done < BYTES; done += CHUNK_BYTES) {
        sha.update(chunk);
      }
      byte[] unused = sha.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
