package io.dragonfly.task;

import java.util.List;

/**
 * Which certificates of an https source are trusted. Part of the task key: who does not verify
 * never shares with those who do.
 *
 * @param insecure whether each certificate is taken for good
 * @param caCertificates certificates in PEM that are trusted beside the platform's own
 */
public record Trust(boolean insecure, List<String> caCertificates) {
  /** The platform's own certificates. */
  public static final Trust PLATFORM = new Trust(false, List.of());

  /** Copies the list. */
  public Trust {
    caCertificates = List.copyOf(caCertificates);
  }
}
