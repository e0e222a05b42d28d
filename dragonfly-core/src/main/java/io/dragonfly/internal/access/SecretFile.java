package io.dragonfly.internal.access;

import io.dragonfly.error.StorageException;
import io.dragonfly.internal.storage.Reasons;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;

/**
 * A secret of 32 bytes in a file that only its owner may read, where the disk has modes. It is made
 * when it is first asked for, and the same from then on. The caller holds the directory's lock.
 */
public final class SecretFile {
  private static final int BYTES = 32;

  private SecretFile() {}

  /**
   * Returns the secret's bytes as hexadecimal digits.
   *
   * @throws StorageException if the file cannot be read or made, or holds something else
   */
  public static String readOrCreate(Path file, SecureRandom random) {
    try {
      if (!Files.exists(file)) {
        create(file, random);
      }
      String hex = Files.readString(file).trim();
      if (HexFormat.of().parseHex(hex).length == BYTES) {
        return hex;
      }
    } catch (IllegalArgumentException e) {
      throw broken(file);
    } catch (IOException e) {
      throw new StorageException(
          "The secret in %s cannot be read or written: %s. Check the directory's owner and mode."
              .formatted(file, Reasons.of(e)),
          e);
    }
    throw broken(file);
  }

  /**
   * Puts a new secret in the place of the one that is there, at once or not at all, and returns it.
   *
   * @throws StorageException if the file cannot be written; the secret that was there stays
   */
  public static String renew(Path file, SecureRandom random) {
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw broken(file);
      }
      return create(file, random);
    } catch (IOException e) {
      throw new StorageException(
          "The secret in %s stays as it was, since no new one can be written: %s. Check the directory's owner and mode."
              .formatted(file, Reasons.of(e)),
          e);
    }
  }

  private static StorageException broken(Path file) {
    return new StorageException(
        "%s should hold 64 hexadecimal digits, but does not. Remove it: a new secret is made then."
            .formatted(file));
  }

  // By way of another name: a process killed in the middle leaves no half of a secret.
  private static String create(Path file, SecureRandom random) throws IOException {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    Path temporary = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(temporary);
    Set<StandardOpenOption> options =
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    String hex = HexFormat.of().formatHex(bytes);
    try (FileChannel channel = FileChannel.open(temporary, options, ownerOnly(temporary))) {
      ByteBuffer text = ByteBuffer.wrap((hex + "\n").getBytes(StandardCharsets.US_ASCII));
      while (text.hasRemaining()) {
        channel.write(text);
      }
      channel.force(true); // a power cut must not leave an empty file in the old one's place
    }
    Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    return hex;
  }

  private static FileAttribute<?>[] ownerOnly(Path file) {
    if (!file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return new FileAttribute<?>[0];
    }
    return new FileAttribute<?>[] {
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
    };
  }
}
