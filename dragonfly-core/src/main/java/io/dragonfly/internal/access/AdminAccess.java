package io.dragonfly.internal.access;

import io.dragonfly.error.StorageException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;

/**
 * Who is let in as an operator: who shows the token. The one in the home is for this machine alone;
 * who has chosen a token himself can use it from anywhere. Immutable.
 */
public final class AdminAccess {
  private static final int LEAST_CHARACTERS = 16;

  private final byte[] token;
  private final boolean fromAnywhere;

  private AdminAccess(String token, boolean fromAnywhere) {
    this.token = token.getBytes(StandardCharsets.UTF_8);
    this.fromAnywhere = fromAnywhere;
  }

  /** With the token in a file of the home, which is made if there is none. */
  public static AdminAccess ofHome(Path file, SecureRandom random) {
    return new AdminAccess(SecretFile.readOrCreate(file, random), false);
  }

  /**
   * With the token in somebody's file.
   *
   * @throws StorageException if it cannot be read, or is too short to be a secret
   */
  public static AdminAccess ofFile(Path file) {
    String token;
    try {
      token = Files.readString(file).trim();
    } catch (IOException e) {
      throw new StorageException(
          "The admin token in %s cannot be read: %s. Check the path and its mode."
              .formatted(file, WhyNot.of(e)),
          e);
    }
    if (token.length() < LEAST_CHARACTERS || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new StorageException(
          "%s should hold a token of at least %d characters without blanks, such as openssl rand -hex 32 makes."
              .formatted(file, LEAST_CHARACTERS));
    }
    return new AdminAccess(token, true);
  }

  /** Tells whether a caller is let in. Takes the same time wherever a wrong token differs. */
  public boolean isAllowed(InetAddress from, String shown) {
    boolean isRight = MessageDigest.isEqual(token, shown.getBytes(StandardCharsets.UTF_8));
    return isRight && (fromAnywhere || from.isLoopbackAddress());
  }
}
