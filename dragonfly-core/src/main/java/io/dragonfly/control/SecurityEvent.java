package io.dragonfly.control;

import java.net.InetAddress;

/**
 * An operator's call, or a refusal that matters for security. None of the texts is a secret, has a
 * control character, or is longer than {@link #MOST_CHARACTERS}; all of them are empty where it is
 * not known. Some come from strangers: only the kind and the result are sure. Immutable.
 *
 * @param kind what it is
 * @param result what came of it
 * @param who the operator, the subject of a certificate, or the id of a peer
 * @param from the address that the call came from
 * @param what what it was about: a task, an address, or a URL as {@link #place} returns it
 * @param reason why it was refused or failed
 */
public record SecurityEvent(
    Kind kind, Result result, String who, String from, String what, String reason) {
  /** Longest text of an event; what is longer is cut. */
  public static final int MOST_CHARACTERS = 400;

  /** Cuts the texts and replaces control characters. */
  public SecurityEvent {
    who = line(who);
    from = line(from);
    what = line(what);
    reason = line(reason);
  }

  /** The kinds of events. Their names in lower case are those in logs and metrics. */
  public enum Kind {
    /** An operator's call that changes nothing, such as a list of tasks. */
    OPERATOR_CALL(false),
    /** An operator's call to delete a task. */
    DELETE_TASK(false),
    /** An operator's call to keep a task however long nobody uses it. */
    PIN_TASK(false),
    /** An operator's call to keep a task no longer than others. */
    UNPIN_TASK(false),
    /** An operator's call to compare a task with its digests. */
    VERIFY_TASK(false),
    /** An operator's call to begin a preheat. */
    PREHEAT(false),
    /** An operator's call to end a preheat. */
    CANCEL_PREHEAT(false),
    /** A change of a peer's rate limits while it runs. */
    CHANGE_LIMIT(false),
    /** A task is removed from a peer's directory by hand. */
    REMOVE_TASK(false),
    /** An operator's call, or one for metrics, without a token or with a wrong one. */
    OPERATOR_REFUSED(true),
    /** A peer has not proved the join token, or has another one. */
    JOIN_REFUSED(true),
    /** A client's certificate is missing, not trusted, revoked, or not one for this call. */
    CERTIFICATE_REFUSED(true),
    /** A child has shown a capability that is not valid. */
    CAPABILITY_REFUSED(true),
    /** A source is at an address, or has a name, that is not read on behalf of this client. */
    SOURCE_ADDRESS_REFUSED(true),
    /** A peer wants to register an address that it may not. */
    PEER_ADDRESS_REFUSED(true),
    /** A source no longer gives a peer the file that the peer is downloading. */
    PERMISSION_ENDED(true),
    /** A client address has as much of something as one address may have. */
    BUDGET_EXCEEDED(true),
    /** A request to a proxy on a loopback address names another host. */
    HOST_REFUSED(true),
    /** Complaints of a peer, or of all peers at an address, are no longer believed. */
    COMPLAINT_IGNORED(true),
    /** A peer is to give to nobody for a while, since others complain of it. */
    PEER_ISOLATED(true);

    private final boolean refusal;

    Kind(boolean refusal) {
      this.refusal = refusal;
    }

    /** Tells whether it is a refusal, which strangers can bring about as often as they like. */
    public boolean isRefusal() {
      return refusal;
    }
  }

  /** What came of it. */
  public enum Result {
    /** It was done, or has begun. */
    DONE,
    /** It was allowed, but could not be done. */
    FAILED,
    /** It was not allowed. */
    REFUSED
  }

  /** Returns a refusal. */
  public static SecurityEvent refused(
      Kind kind, String who, String from, String what, String reason) {
    return new SecurityEvent(kind, Result.REFUSED, who, from, what, reason);
  }

  /** Returns an operator's call that was done. */
  public static SecurityEvent done(Kind kind, String who, String from, String what) {
    return new SecurityEvent(kind, Result.DONE, who, from, what, "");
  }

  /** Returns the same call that failed. */
  public SecurityEvent failed(String why) {
    return new SecurityEvent(kind, Result.FAILED, who, from, what, why);
  }

  /** Returns an address as events have it. */
  public static String text(InetAddress address) {
    return address.getHostAddress();
  }

  /**
   * Returns a URI, or a part of one such as a path or an authority, without what may be secret: the
   * user info, the query and the fragment.
   */
  public static String place(String uri) {
    int end = 0;
    while (end < uri.length() && uri.charAt(end) != '?' && uri.charAt(end) != '#') {
      end++;
    }
    String place = uri.substring(0, end);
    int scheme = place.indexOf("://");
    boolean isPath = place.startsWith("/") && !place.startsWith("//");
    if (isPath) {
      return place;
    }
    int authority = scheme >= 0 ? scheme + 3 : place.startsWith("//") ? 2 : 0;
    int slash = authority == 0 ? -1 : place.indexOf('/', authority);
    int at = place.lastIndexOf('@', slash < 0 ? place.length() : slash);
    return at < authority ? place : place.substring(0, authority) + place.substring(at + 1);
  }

  private static String line(String text) {
    String cut =
        text.length() > MOST_CHARACTERS ? text.substring(0, MOST_CHARACTERS - 3) + "..." : text;
    if (cut.chars().noneMatch(Character::isISOControl)) {
      return cut;
    }
    StringBuilder line = new StringBuilder(cut.length());
    cut.chars().forEach(c -> line.append(Character.isISOControl(c) ? ' ' : (char) c));
    return line.toString();
  }
}
