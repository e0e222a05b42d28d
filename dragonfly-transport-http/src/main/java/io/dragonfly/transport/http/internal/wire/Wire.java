package io.dragonfly.transport.http.internal.wire;

import java.time.Duration;

/** The names and bounds of the protocol's second version. */
public final class Wire {
  /** The header with the secret of who calls a supernode. Never in a URL or a body. */
  public static final String SECRET = "Dragonfly-Secret";

  /** The header with the id of who takes a piece. */
  public static final String TAKER = "Dragonfly-Taker";

  /** The header with the right to take a piece; a secret. */
  public static final String CAPABILITY = "Dragonfly-Capability";

  /** The header that says why a piece is not given. */
  public static final String REASON = "Dragonfly-Reason";

  /** The type of the bodies of control calls. */
  public static final String JSON = "application/json";

  /** More bytes in the body of a control call's request are refused: 1 MiB. */
  public static final int MAX_REQUEST_BYTES = 1 << 20;

  /** More bytes in the body of a control call's answer are refused: 4 MiB. */
  public static final int MAX_ANSWER_BYTES = 4 << 20;

  /** Longest name of a zone, in characters. */
  static final int MAX_ZONE = 255;

  /** Longest capability, in characters. */
  static final int MAX_CAPABILITY = 1 << 10;

  /** Longest ticket, in characters. */
  static final int MAX_TICKET = 8 << 10;

  /** Longest URL, in characters. */
  static final int MAX_URL = 32 << 10;

  /** Longest patience of a call; more would keep connections of callers that are long gone. */
  static final Duration MAX_PATIENCE = Duration.ofMinutes(5);

  /** Longest lease, and longest time that a source can want to be left alone. */
  static final Duration MAX_DURATION = Duration.ofDays(365);

  private static final String ROOT = "/api/v2/";

  private Wire() {}

  /** A call to a supernode. */
  public enum Call {
    /** Has the supernode prove the join token. */
    JOIN("join"),
    /** Wants a content. */
    REGISTER("register"),
    /** Tells what the caller holds. */
    ANNOUNCE("announce"),
    /** Reports results and waits for assignments. */
    POLL("poll"),
    /** Gives up. */
    LEAVE("leave");

    private final String path;

    Call(String name) {
      this.path = ROOT + name;
    }

    /** Returns the path that it is posted to. */
    public String path() {
      return path;
    }
  }
}
