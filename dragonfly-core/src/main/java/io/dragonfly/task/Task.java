package io.dragonfly.task;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * One version of one content: everything about it but its bytes. Immutable; a learned length makes
 * a new value with the same id.
 *
 * @param id names this version
 * @param key names the content
 * @param layout how it is cut into pieces
 * @param version what the source's answer said about the version
 * @param digest the whole content's digest, if the user or the URL's path gave one
 */
public record Task(
    TaskId id, TaskKey key, PieceLayout layout, SourceVersion version, Optional<Digest> digest) {
  /**
   * The task for a version of a content. Where the content has no digest, and the version no strong
   * validator or one for some alone, {@code nonce} tells this reading from every other; otherwise
   * it plays no part.
   */
  public static Task of(TaskKey key, SourceVersion version, Optional<Digest> digest, String nonce) {
    MessageDigest sha = Digest.newSha256();
    // The key holds the digest already: with one, answers with other validators are still one task.
    String versionName = digest.isPresent() ? "" : name(version, nonce);
    String text = key.hex() + "\n" + versionName + "\n" + version.length().orElse(-1);
    sha.update(text.getBytes(StandardCharsets.UTF_8));
    PieceLayout layout =
        version.length().isPresent()
            ? PieceLayout.of(version.length().getAsLong())
            : PieceLayout.ofUnknownLength();
    return new Task(new TaskId(Digest.of(sha).hex()), key, layout, version, digest);
  }

  private static String name(SourceVersion version, String nonce) {
    if (!version.isStrong()) {
      return "once " + nonce;
    }
    String name = version.validator().get() + version.hint().map(hint -> "\n" + hint).orElse("");
    return version.personal() ? "for " + nonce + "\n" + name : name;
  }

  /** Returns this task with the length that was learned at the end of the source's answer. */
  public Task withLength(long length) {
    return new Task(id, key, layout.withLength(length), version, digest);
  }
}
