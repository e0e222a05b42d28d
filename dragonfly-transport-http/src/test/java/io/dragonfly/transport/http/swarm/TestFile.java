package io.dragonfly.transport.http.swarm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * A file that the source of a {@link Swarm} serves.
 *
 * @param name its path on the server
 * @param bytes its content
 * @param authorization the Authorization header that is needed to read it, if any is
 * @param bytesPerSecond how fast one answer is sent; 0 is as fast as possible
 * @param chunked whether it is sent without Content-Length, and without ranges
 */
record TestFile(
    String name,
    byte[] bytes,
    Optional<String> authorization,
    long bytesPerSecond,
    boolean chunked) {
  static TestFile random(String name, int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(length).nextBytes(bytes);
    return new TestFile(name, bytes, Optional.empty(), 0, false);
  }

  TestFile readableWith(String header) {
    return new TestFile(name, bytes, Optional.of(header), bytesPerSecond, chunked);
  }

  TestFile slow(long rate) {
    return new TestFile(name, bytes, authorization, rate, chunked);
  }

  TestFile inChunks() {
    return new TestFile(name, bytes, authorization, bytesPerSecond, true);
  }

  long length() {
    return bytes.length;
  }

  boolean hasSameBytes(Path copy) {
    try {
      return Arrays.equals(Files.readAllBytes(copy), bytes);
    } catch (IOException e) {
      return false;
    }
  }
}
