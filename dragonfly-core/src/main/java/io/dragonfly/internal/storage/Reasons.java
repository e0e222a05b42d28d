package io.dragonfly.internal.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/**
 * Says in a few words why a file operation failed; most of the JDK's messages begin with a path.
 */
public final class Reasons {
  private Reasons() {}

  /** Returns the reason, without the file that it is about. */
  public static String of(IOException failure) {
    if (failure instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (failure instanceof NoSuchFileException) {
      return "no such file or directory";
    }
    if (failure instanceof NotDirectoryException || failure instanceof FileAlreadyExistsException) {
      return "a file is in the way";
    }
    if (failure instanceof FileSystemException e && e.getReason() != null) {
      return e.getReason();
    }
    String message = failure.getMessage();
    if (failure instanceof FileNotFoundException && message != null && message.endsWith(")")) {
      // "/a/file (Permission denied)": whatever kept a file from being opened
      String reason = message.substring(message.lastIndexOf('(') + 1, message.length() - 1);
      return reason.equals("Permission denied") ? "permission denied" : reason;
    }
    return message == null ? failure.getClass().getSimpleName() : message;
  }
}
