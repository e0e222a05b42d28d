package io.dragonfly.testkit;

import io.dragonfly.control.Parent;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link FakeSupernode} has of one content, and whom it names as parents. What is not yet
 * published is said when the test says so. Safe for concurrent use.
 */
public final class FakePublication {
  private final byte[] bytes;
  private final SourceVersion version;
  private final List<Parent> parents = new ArrayList<>();
  private @Nullable Task task;
  private byte @Nullable [] all;
  private int known;

  private FakePublication(byte[] bytes, SourceVersion version) {
    this.bytes = bytes.clone();
    this.version = version;
    this.known = Integer.MAX_VALUE;
  }

  /** A content with a strong validator and a known length; all its digests are known. */
  public static FakePublication of(byte[] bytes) {
    String validator = "\"" + Digest.of(digestOf(bytes, 0, bytes.length)).hex() + "\"";
    return new FakePublication(
        bytes, new SourceVersion(Optional.of(validator), OptionalLong.of(bytes.length)));
  }

  /** A content as a source has it; all its digests are known. */
  public static FakePublication of(byte[] bytes, SourceVersion version) {
    return new FakePublication(bytes, version);
  }

  /** A content whose length is told with its last digest. */
  public static FakePublication withoutLength(byte[] bytes) {
    return new FakePublication(
        bytes, new SourceVersion(Optional.of("\"chunked\""), OptionalLong.empty()));
  }

  /** A content without a validator. */
  public static FakePublication withoutValidator(byte[] bytes) {
    return new FakePublication(
        bytes, new SourceVersion(Optional.empty(), OptionalLong.of(bytes.length)));
  }

  /** Knows only the first digests, until {@link #know} says otherwise. */
  public synchronized FakePublication knowing(int digests) {
    known = digests;
    return this;
  }

  /** Knows more digests from now on. */
  public synchronized void know(int digests) {
    known = digests;
  }

  /**
   * Names these parents: the first one at first, the next each time that a peer did not get a
   * piece, and the last one again and again. Numbers must differ, and 0 is the supernode's own.
   */
  public synchronized FakePublication from(List<Parent> named) {
    parents.addAll(0, named);
    return this;
  }

  synchronized void publish(ContentRequest request, Parent cdn) {
    task = Task.of(request.key(), version, request.digest(), "fake");
    parents.add(cdn);
  }

  synchronized Task task() {
    if (task == null) {
      throw new IllegalStateException("not published yet");
    }
    return task;
  }

  byte[] bytes() {
    return bytes.clone();
  }

  synchronized Parent parent(int tries) {
    return parents.get(Math.min(tries, parents.size() - 1));
  }

  private synchronized PieceLayout layout() {
    return task().layout().withLength(bytes.length);
  }

  synchronized PieceDigests digests() {
    if (all == null) {
      all = allDigests();
    }
    int count = Math.min(known, layout().pieces());
    return new PieceDigests(0, Arrays.copyOf(all, count * PieceDigests.BYTES));
  }

  private byte[] allDigests() {
    ByteArrayOutputStream list = new ByteArrayOutputStream();
    PieceLayout layout = layout();
    for (int piece = 0; piece < layout.pieces(); piece++) {
      int start = (int) layout.range(piece).start();
      list.writeBytes(digestOf(bytes, start, (int) layout.range(piece).length()).digest());
    }
    return list.toByteArray();
  }

  synchronized OptionalLong lengthIfComplete() {
    return known >= layout().pieces() ? OptionalLong.of(bytes.length) : OptionalLong.empty();
  }

  private static MessageDigest digestOf(byte[] bytes, int from, int count) {
    MessageDigest sha = Digest.newSha256();
    sha.update(Arrays.copyOfRange(bytes, from, from + count));
    return sha;
  }
}
