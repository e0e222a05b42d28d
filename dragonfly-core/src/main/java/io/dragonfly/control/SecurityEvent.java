package io.dragonfly.control;

import java.net.InetAddress;

/**
 * An operation of an operator, or a refusal that matters for security. The texts contain no secrets
 * and no control characters, and are at most {@link #MOST_CHARACTERS} long; unknown ones are empty.
 * Some are sent by unauthenticated clients: only the kind and the result are reliable. Immutable.
 *
 * @param kind the kind of event
 * @param result its result
 * @param who the operator, the subject of a certificate, or the id of a peer
 * @param from the address from which the request came
 * @param what its subject: a task, an address, or a URL as {@link #place} returns it
 * @param reason why it was refused or failed
 */
public record SecurityEvent(
    Kind kind, Result result, String who, String from, String what, String reason) {
  /** Longest text of an event in characters; longer ones are cut. */
  public static final int MOST_CHARACTERS = 400;

  /** Cuts the texts and replaces control characters. */
  public SecurityEvent {
    who = line(who);
    from = line(from);
    what = line(what);
    reason = line(reason);
  }

  /** The kinds of events. Logs and metrics use their names in lower case. */
  public enum Kind {
    /** An operation that changes nothing, such as a list of tasks. */
    OPERATOR_CALL(false),
    /** An operator deletes a task. */
    DELETE_TASK(false),
    /** An operator pins a task. */
    PIN_TASK(false),
    /** An operator unpins a task. */
    UNPIN_TASK(false),
    /** An operator compares a task with its digests. */
    VERIFY_TASK(false),
    /** An operator starts a preheat. */
    PREHEAT(false),
    /** An operator cancels a preheat. */
    CANCEL_PREHEAT(false),
    /** An operator changes the rate limits of a running peer. */
    CHANGE_LIMIT(false),
    /** An operator removes a task from a peer's data directory. */
    REMOVE_TASK(false),
    /** A request of an operator or for metrics has no token or a wrong one. */
    OPERATOR_REFUSED(true),
    /** A peer has not proved the join token, or has another one. */
    JOIN_REFUSED(true),
    /** A client's certificate is missing, not trusted, revoked, or does not permit this request. */
    CERTIFICATE_REFUSED(true),
    /** A child has shown a capability that is not valid. */
    CAPABILITY_REFUSED(true),
    /** A source has an address or name that is not requested on behalf of this client. */
    SOURCE_ADDRESS_REFUSED(true),
    /** A peer wants to register an address that is not permitted. */
    PEER_ADDRESS_REFUSED(true),
    /** A source no longer permits a peer to download the file that it is downloading. */
    PERMISSION_ENDED(true),
    /** A client address has reached one of its limits. */
    BUDGET_EXCEEDED(true),
    /** A request to a proxy on a loopback address names another host. */
    HOST_REFUSED(true),
    /** Complaints of a peer, or of all peers at an address, are ignored from now on. */
    COMPLAINT_IGNORED(true),
    /** A peer is isolated for a while because others complain about it. */
    PEER_ISOLATED(true);

    private final boolean refusal;

    Kind(boolean refusal) {
      this.refusal = refusal;
    }

    /** Tells whether this is a refusal, which unauthenticated clients can cause without limit. */
    public boolean isRefusal() {
      return refusal;
    }
  }

  /** The results of events. */
  public enum Result {
    /** The operation was done, or has begun. */
    DONE,
    /** The operation was permitted but failed. */
    FAILED,
    /** The operation was not permitted. */
    REFUSED
  }

  /** Creates a refusal. */
  public static SecurityEvent refused(
      Kind kind, String who, String from, String what, String reason) {
    return new SecurityEvent(kind, Result.REFUSED, who, from, what, reason);
  }

  /** Creates an event for an operation that was done. */
  public static SecurityEvent done(Kind kind, String who, String from, String what) {
    return new SecurityEvent(kind, Result.DONE, who, from, what, "");
  }

  /** Returns this event as a failed one. */
  public SecurityEvent failed(String why) {
    return new SecurityEvent(kind, Result.FAILED, who, from, what, why);
  }

  /** Returns an address in the form that events use. */
  public static String text(InetAddress address) {
    return address.getHostAddress();
  }

  /**
   * Returns a URI, or a part of one such as a path or an authority, without the parts that may be
   * secret: user info, query and fragment.
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
