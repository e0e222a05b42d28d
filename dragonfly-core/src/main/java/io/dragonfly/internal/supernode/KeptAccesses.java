package io.dragonfly.internal.supernode;

import io.dragonfly.error.CallRefusedException;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.queue.KeyedBudget;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.Trust;
import java.util.Collection;
import java.util.List;

/**
 * What sources may be asked with, as long as members take part that it came from. Equal requests
 * are kept once, and so are equal headers and certificates of requests for different URLs: a peer
 * sends the same with each. What is kept is bounded in bytes. {@link Swarms}' lock guards it.
 */
final class KeptAccesses {
  /** Most bytes of headers, certificates and names in one registration. */
  static final int MOST_BYTES = 32 << 10;

  /** What a header costs beside its characters, as HTTP/2 counts. */
  private static final int HEADER_BYTES = 32;

  /** What an object costs beside its texts. */
  private static final int OBJECT_BYTES = 128;

  private final SharedBudget<String, Credentials> credentials;
  private final SharedBudget<String, Access> accesses;

  /** What a peer sends with each of its requests. No record: it is secret. */
  private static final class Credentials {
    private final List<String> filter;
    private final Headers headers;
    private final Trust trust;

    Credentials(ContentRequest content) {
      this.filter = content.filter();
      this.headers = content.headers();
      this.trust = content.trust();
    }

    ContentRequest in(ContentRequest content) {
      return new ContentRequest(
          content.url(), filter, content.digest(), content.identifier(), headers, trust);
    }
  }

  /**
   * Nothing is kept.
   *
   * @param most bytes of all
   * @param share the part of them that one place may have
   */
  KeptAccesses(long most, double share) {
    long each = KeyedBudget.part(most, share);
    KeyedBudget<String> all = new KeyedBudget<>(most, kind -> most);
    KeyedBudget<HostKey> places = new KeyedBudget<>(Long.MAX_VALUE, place -> each);
    credentials = new SharedBudget<>("headers and certificates", all, places);
    accesses = new SharedBudget<>("URLs", all, places);
  }

  /**
   * Checks what a stranger registers with.
   *
   * @throws CallRefusedException if there is too much of it
   */
  static void check(ContentRequest content) {
    long bytes = credentialBytes(content) + length(content.identifier().orElse(""));
    if (bytes > MOST_BYTES) {
      throw new CallRefusedException(
          ("The headers, certificates and filters of this request take up %d bytes, and a supernode"
                  + " accepts %d. Leave out what its source does not need.")
              .formatted(bytes, MOST_BYTES));
    }
  }

  /** Returns what a request takes up while it waits, in bytes. */
  static long bytes(ContentRequest content) {
    return credentialBytes(content) + urlBytes(content);
  }

  private static long credentialBytes(ContentRequest content) {
    long bytes = lengths(content.filter()) + lengths(content.trust().caCertificates());
    for (Headers.Header header : content.headers().list()) {
      bytes += HEADER_BYTES + length(header.name()) + length(header.value());
    }
    return bytes;
  }

  private static long urlBytes(ContentRequest content) {
    return OBJECT_BYTES
        + length(content.url().toString())
        + length(content.identifier().orElse(""));
  }

  private static long lengths(Collection<String> texts) {
    return texts.stream().mapToLong(KeptAccesses::length).sum();
  }

  private static long length(String text) {
    return text.length();
  }

  /**
   * Keeps what a member of a place came with. {@link #letGo} follows.
   *
   * @return the same, of which all that was there already is shared
   * @throws io.dragonfly.error.BusyException if there is no room for it
   */
  Access keep(HostKey place, Access access) {
    ContentRequest content = access.content();
    Credentials same =
        credentials.take(
            place,
            access.credentials(),
            new Credentials(content),
            OBJECT_BYTES + credentialBytes(content));
    try {
      Access shared =
          new Access(
              same.in(content), access.requester(), access.fingerprint(), access.credentials());
      return accesses.take(place, access.fingerprint(), shared, urlBytes(content));
    } catch (RuntimeException e) {
      credentials.giveBack(place, access.credentials());
      throw e;
    }
  }

  /** A member that came with it has gone, or came anew. */
  void letGo(HostKey place, Access access) {
    accesses.giveBack(place, access.fingerprint());
    credentials.giveBack(place, access.credentials());
  }

  /** Returns the bytes of all that is kept. */
  long used() {
    return credentials.used();
  }

  /** Returns the bytes of what is kept for a place. */
  long used(HostKey place) {
    return credentials.used(place);
  }
}
