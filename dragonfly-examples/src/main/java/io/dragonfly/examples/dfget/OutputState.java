package io.dragonfly.examples.dfget;

import io.dragonfly.home.FetchRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import java.util.Optional;

/** How the file that a fetch made compares with what is at its path now. */
enum OutputState {
  /** It is as it was. */
  UNCHANGED,
  /** Its length or its time of change is another, or another file is there. */
  CHANGED,
  /** Nothing is there. */
  GONE,
  /** It cannot be seen. */
  UNKNOWN;

  static OutputState of(FetchRecord.Output output) {
    try {
      BasicFileAttributes now = Files.readAttributes(output.path(), BasicFileAttributes.class);
      boolean same =
          now.size() == output.length()
              && Optional.of(now.lastModifiedTime().toMillis())
                  .equals(output.modified().map(at -> at.toEpochMilli()));
      return same ? UNCHANGED : CHANGED;
    } catch (NoSuchFileException e) {
      return GONE;
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  /** Returns it for people; empty if there is nothing to say. */
  String note() {
    return switch (this) {
      case UNCHANGED -> "";
      case CHANGED -> ", which has changed since";
      case GONE -> ", which is no longer there";
      case UNKNOWN -> ", which cannot be seen now";
    };
  }

  /** Returns it for programs. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
