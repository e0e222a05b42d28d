package io.dragonfly.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The headers of a request or an answer, in order; names are compared without regard to case.
 * Immutable. {@link #toString} shows names alone: values may be secrets.
 */
public final class Headers {
  /** No header at all. */
  public static final Headers NONE = new Headers(List.of());

  /** The header that names or proves a user. They never leave the host that they are meant for. */
  private static final Set<String> CREDENTIALS =
      Set.of("authorization", "cookie", "proxy-authorization");

  /** They say how a client wants its answer and which program it is. */
  private static final Set<String> HARMLESS =
      Set.of("accept", "accept-encoding", "accept-language", "if-range", "range", "user-agent");

  private final List<Header> list;

  private Headers(List<Header> list) {
    this.list = List.copyOf(list);
  }

  /**
   * One header.
   *
   * @param name its name, as it was written
   * @param value its value, without surrounding blanks
   */
  public record Header(String name, String value) {
    /**
     * Checks that both can be sent.
     *
     * @throws IllegalArgumentException if the name is empty or no token, or the value has a line
     *     break or another control character
     */
    public Header {
      if (name.isEmpty() || !name.chars().allMatch(Header::isTokenChar)) {
        // It is not repeated: a value that came to the wrong place may be a secret.
        throw new IllegalArgumentException(
            "the name of a header is empty, or has a character that no name has");
      }
      if (value.chars().anyMatch(c -> (c < 0x20 && c != '\t') || c == 0x7f)) {
        throw new IllegalArgumentException(
            "the value of header %s has a control character".formatted(name));
      }
    }

    private static boolean isTokenChar(int c) {
      return c > 0x20 && c < 0x7f && "()<>@,;:\\\"/[]?={}".indexOf(c) < 0;
    }

    /** Tells whether this header names or proves a user: Authorization, Cookie and their like. */
    public boolean isCredential() {
      return CREDENTIALS.contains(name.toLowerCase(Locale.ROOT));
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** These headers, in this order. */
  public static Headers of(List<Header> headers) {
    return headers.isEmpty() ? NONE : new Headers(headers);
  }

  /**
   * Reads a line {@code Name: value}, as people write it on a command line.
   *
   * @throws IllegalArgumentException if there is no colon, or a part cannot be sent
   */
  public static Header parse(String line) {
    int colon = line.indexOf(':');
    if (colon < 0) {
      throw new IllegalArgumentException("a header is not 'Name: value'");
    }
    return new Header(line.substring(0, colon).trim(), line.substring(colon + 1).trim());
  }

  /** Returns these headers and one more at the end. */
  public Headers with(String name, String value) {
    List<Header> more = new ArrayList<>(list);
    more.add(new Header(name, value));
    return new Headers(more);
  }

  /** Returns those that the predicate accepts. */
  public Headers matching(Predicate<Header> predicate) {
    return of(list.stream().filter(predicate).toList());
  }

  /** Returns all without those of this name. */
  public Headers without(String name) {
    return matching(header -> !header.name().equalsIgnoreCase(name));
  }

  /** Returns the value of the first header of this name. */
  public Optional<String> first(String name) {
    return list.stream()
        .filter(header -> header.name().equalsIgnoreCase(name))
        .map(Header::value)
        .findFirst();
  }

  /** Returns all headers in order. */
  public List<Header> list() {
    return list;
  }

  /**
   * Tells whether a header may name or prove a user. Each that is not {@linkplain #isHarmless known
   * to be harmless} may: many servers take tokens in a header of their own, such as PRIVATE-TOKEN.
   */
  public boolean hasCredentials() {
    return !list.stream().map(Header::name).allMatch(Headers::isHarmless);
  }

  /**
   * Tells whether a header of this name is known to be no secret, so that it may go to any host:
   * Accept, Accept-Encoding, Accept-Language, If-Range, Range, User-Agent.
   */
  public static boolean isHarmless(String name) {
    return HARMLESS.contains(name.toLowerCase(Locale.ROOT));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Headers headers && headers.list.equals(list);
  }

  @Override
  public int hashCode() {
    return list.hashCode();
  }

  @Override
  public String toString() {
    Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    list.forEach(header -> names.add(header.name()));
    return names.toString();
  }
}
