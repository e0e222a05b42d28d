package io.dragonfly.examples.thin;

import java.io.DataInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;

/**
 * How the two ends of a local socket show that they know the token of {@code server.json}, without
 * sending it: whoever got the port of a server that is no more learns nothing, and no other user of
 * this host gets in. It never changes, so that servers and commands of any two versions understand
 * each other so far; the frames behind it may.
 */
public final class Handshake {
  /** The first bytes of both ends. */
  private static final byte[] MAGIC = {'d', 'f', 'g', 'e', 't', 0, 0, 1};

  private static final byte[] SERVER = "server".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] CALLER = "caller".getBytes(StandardCharsets.US_ASCII);

  private Handshake() {}

  /**
   * Greets a server.
   *
   * @throws IOException if it is not the one that has the token
   */
  public static void call(DataInputStream in, OutputStream out, byte[] token) throws IOException {
    byte[] mine = random();
    out.write(join(MAGIC, mine));
    expect(in, MAGIC);
    byte[] theirs = in.readNBytes(mine.length);
    expect(in, proof(SERVER, token, mine, theirs));
    out.write(proof(CALLER, token, mine, theirs));
  }

  /**
   * Greets a caller.
   *
   * @throws IOException if it does not have the token
   */
  public static void answer(DataInputStream in, OutputStream out, byte[] token) throws IOException {
    expect(in, MAGIC);
    byte[] mine = random();
    byte[] theirs = in.readNBytes(mine.length);
    out.write(join(join(MAGIC, mine), proof(SERVER, token, theirs, mine)));
    expect(in, proof(CALLER, token, theirs, mine));
  }

  /** Compares in a time that says nothing about how much of it is right. */
  private static void expect(DataInputStream in, byte[] expected) throws IOException {
    byte[] given = in.readNBytes(expected.length);
    int difference = given.length ^ expected.length;
    for (int i = 0; i < given.length; i++) {
      difference |= given[i] ^ expected[i];
    }
    if (difference != 0) {
      throw new IOException("the other end does not know the token");
    }
  }

  private static byte[] proof(byte[] who, byte[] token, byte[] caller, byte[] server) {
    return Sha256.of(join(join(who, token), join(caller, server)));
  }

  /** Returns 32 random bytes. They need not be secret; SecureRandom takes long to load. */
  private static byte[] random() {
    byte[] bytes = new byte[32];
    try (FileInputStream system = new FileInputStream("/dev/urandom")) {
      if (system.read(bytes) == bytes.length) {
        return bytes;
      }
    } catch (IOException e) {
      // not a Unix
    }
    new SecureRandom().nextBytes(bytes);
    return bytes;
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] both = new byte[first.length + second.length];
    System.arraycopy(first, 0, both, 0, first.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
