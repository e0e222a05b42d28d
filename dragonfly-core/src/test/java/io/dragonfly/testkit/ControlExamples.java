package io.dragonfly.testkit;

import io.dragonfly.control.Advice;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.Assignment;
import io.dragonfly.control.Caller;
import io.dragonfly.control.Holding;
import io.dragonfly.control.JoinProof;
import io.dragonfly.control.JoinRequest;
import io.dragonfly.control.JoinResponse;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.Push;
import io.dragonfly.control.Queued;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.Revoked;
import io.dragonfly.control.TaskReport;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.control.Terms;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.error.NoProgressException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.OutputException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.error.StorageException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.error.TimeLimitException;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import io.dragonfly.task.Trust;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

/**
 * Control messages for tests: of each kind one in which every field says something, and one in
 * which as many as can be are empty.
 */
public final class ControlExamples {
  /** Names a task. */
  public static final TaskId TASK = new TaskId("0123456789abcdef".repeat(4));

  private static final PeerId SUPERNODE = new PeerId("ffeeddccbbaa99887766554433221100");
  private static final TaskId OTHER_TASK = new TaskId("fedcba9876543210".repeat(4));
  private static final PeerId PEER = new PeerId("00112233445566778899aabbccddeeff");
  private static final Digest DIGEST = Digest.parse("sha256:" + "5a".repeat(32));
  private static final Terms TERMS =
      new Terms(SUPERNODE, Instant.parse("2026-02-03T04:05:06.789Z"), Duration.ofSeconds(15));

  private static final String CERTIFICATE = "sha256:" + "d4".repeat(32);

  private ControlExamples() {}

  /** Returns who calls. */
  public static Caller caller() {
    return new Caller(
        PeerSecret.parse("a1".repeat(32)), address("127.0.0.1", 41_234), "zone-1 \"rack\" é");
  }

  /** Returns who calls, with a certificate that it gives pieces with and a proof of the token. */
  public static Caller provenCaller() {
    return caller().showing(CERTIFICATE).with(proof(""));
  }

  /** Returns a proof that the supernode with this certificate may get. */
  public static JoinProof proof(String certificate) {
    return new JoinProof("a1".repeat(32), "b2".repeat(40), "c3".repeat(32), certificate);
  }

  /** Returns the question for a supernode's proof. */
  public static JoinRequest joinRequest() {
    return new JoinRequest("d4".repeat(32));
  }

  /** Returns a supernode's proof. */
  public static JoinResponse joinAnswer() {
    return new JoinResponse("e5".repeat(40), "f6".repeat(32), "");
  }

  /** Returns registrations. */
  public static List<RegisterRequest> registerRequests() {
    Headers headers =
        Headers.NONE
            .with("Authorization", "Basic dXNlcjpwYXNz")
            .with("Accept", "text/plain")
            .with("accept", "*/*;q=0.1, ä");
    ContentRequest content =
        new ContentRequest(
            URI.create("https://example.org:8443/a%20b/f.bin?sig=secret&v=1#part"),
            List.of("sig", "Expires"),
            Optional.of(DIGEST),
            Optional.of("build 7"),
            headers,
            new Trust(
                true, List.of("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----")));
    return List.of(
        new RegisterRequest(
            caller(),
            content,
            Optional.of(ByteRange.of(5_000_000_000L, 5_000_000_001L)),
            Optional.of("ticket-1"),
            List.of(holding(TASK, 0, 1, 63, 64, 511), holding(OTHER_TASK)),
            true),
        new RegisterRequest(
            new Caller(caller().secret(), address("::1", 0), "")
                .takingFrom(Optional.of(address("127.0.0.1", 0).getAddress())),
            ContentRequest.of(URI.create("http://h/")),
            Optional.of(ByteRange.from(5_000_000_000L)),
            Optional.empty(),
            List.of()));
  }

  /** Returns answers to registrations. */
  public static List<RegisterResponse> registerAnswers() {
    SourceVersion version =
        new SourceVersion(Optional.of("\"etag with spaces\""), OptionalLong.of(70_000_000_000L));
    Task whole =
        new Task(
            TASK,
            new TaskKey("11".repeat(32)),
            PieceLayout.of(70_000_000_000L),
            version,
            Optional.of(Digest.parse("md5:" + "0f".repeat(16))));
    Task unknown =
        new Task(
            OTHER_TASK,
            new TaskKey("22".repeat(32)),
            PieceLayout.ofUnknownLength(),
            SourceVersion.UNKNOWN,
            Optional.empty());
    return List.of(
        new RegisterResponse(
            whole,
            "ticket-2",
            digests(3, 40),
            Optional.of(new byte[] {0, -1, 127, -128, 10}),
            advice(),
            TERMS),
        new RegisterResponse(
            unknown, "t", PieceDigests.NONE, Optional.of(new byte[0]), Advice.NONE, TERMS),
        new RegisterResponse(
            unknown.withLength(5), "t", PieceDigests.NONE, Optional.empty(), Advice.NONE, TERMS));
  }

  /** Returns offers. */
  public static List<AnnounceRequest> offerRequests() {
    return List.of(
        new AnnounceRequest(caller(), List.of(holding(TASK, 7, 1_000_000), holding(OTHER_TASK, 0))),
        new AnnounceRequest(caller(), List.of()));
  }

  /** Returns answers to offers. */
  public static List<AnnounceResponse> offerAnswers() {
    return List.of(
        new AnnounceResponse(List.of(TASK, OTHER_TASK), TERMS),
        new AnnounceResponse(List.of(), TERMS));
  }

  /** Returns reports; the first has each outcome. */
  public static List<PollRequest> nextRequests() {
    List<PieceResult> results =
        List.of(Outcome.values()).stream()
            .map(outcome -> new PieceResult(outcome.ordinal(), PEER, outcome, 1L << 40))
            .toList();
    return List.of(
        new PollRequest(
            caller(),
            1L << 50,
            List.of(
                new TaskReport(TASK, PieceSpan.ALL, 512, List.of(3, 1_048_575), results),
                new TaskReport(OTHER_TASK, new PieceSpan(4, 9), 0, List.of(), List.of())),
            Duration.ofSeconds(5)),
        new PollRequest(caller(), 0, List.of(), Duration.ZERO, true));
  }

  /** Returns answers to reports. */
  public static List<PollResponse> nextAnswers() {
    TaskUpdate full =
        new TaskUpdate(
            TASK,
            TaskUpdate.State.ACTIVE,
            Optional.empty(),
            OptionalLong.of(1L << 40),
            digests(1, 2),
            List.of(
                new Parent(0, peer("127.0.0.9", 65_535), "capability_-0"),
                new Parent(17, peer("2001:db8::1", 80), "c")),
            List.of(
                new Assignment(0, 1, 1, 0),
                new Assignment(5, 3, 100, 17),
                new Assignment(Integer.MAX_VALUE, 1, 1, 0)),
            Optional.of(advice()),
            List.of(0, 5),
            Optional.of(new Queued(Queued.Reason.SOURCE, 7, 12)));
    TaskUpdate empty =
        new TaskUpdate(
            OTHER_TASK,
            TaskUpdate.State.ACTIVE,
            Optional.empty(),
            OptionalLong.empty(),
            PieceDigests.NONE,
            List.of(),
            List.of(),
            Optional.empty(),
            List.of(),
            Optional.of(Queued.of(Queued.Reason.LIMIT)));
    return List.of(
        new PollResponse(
            1L << 50,
            List.of(full, empty, TaskUpdate.unknown(OTHER_TASK)),
            List.of(new Push("https://example.org:8443/a%20b/f.bin", TASK, "ticket-3")),
            List.of(
                new Revoked(TASK, caller().id(), Instant.ofEpochSecond(2_000_000_000)),
                new Revoked(OTHER_TASK, caller().id(), Instant.ofEpochSecond(3_000_000_000L))),
            TERMS),
        new PollResponse(1, List.of(), TERMS));
  }

  /** Returns the two ways to leave. */
  public static List<LeaveRequest> leaveRequests() {
    return List.of(
        new LeaveRequest(caller(), Optional.of(TASK)),
        new LeaveRequest(caller(), Optional.empty()));
  }

  /** Returns an exception of each kind, with all the details that it can have. */
  public static List<DistributionException> failures() {
    return List.of(
        new AccessRefusedException(
            "the source refuses", 401, List.of("Basic realm=\"r\"", "Bearer realm=\"s\"")),
        new AccessRefusedException("the source forbids", 403, List.of()),
        new ContentNotFoundException("there is no such \"file\""),
        new ContentNotFoundException("gone for good", 410),
        new SourceFailedException("busy", 503, Optional.of(Duration.ofSeconds(120))),
        new SourceFailedException("broken", 500, Optional.empty()),
        new SourceFailedException("the connection broke", null),
        new SourceChangedException("changed é"),
        new DigestMismatchException("wrong bytes"),
        new NoSpaceException("full", 1L << 41, 4096, null),
        new NoProgressException("nothing moves"),
        new SupernodeUnreachableException("nobody answers"),
        new CallRefusedException("the address is not allowed"),
        CallRefusedException.unproven("the proof has expired"),
        new BusyException("too many calls", Duration.ofSeconds(7)),
        new OutputException("no such directory"),
        new StorageException("the home is in use"),
        new TimeLimitException("too late"),
        new FetchCancelledException("cancelled"));
  }

  /** Returns all that an exception says, for comparison. */
  public static String describe(Throwable failure) {
    String common = failure.getClass().getSimpleName() + ": " + failure.getMessage();
    if (failure instanceof AccessRefusedException e) {
      return common + " " + e.status() + " " + e.challenges();
    } else if (failure instanceof SourceFailedException e) {
      return common + " " + e.status() + " " + e.retryAfter();
    } else if (failure instanceof CallRefusedException e) {
      return common + " " + e.joinsAgain();
    } else if (failure instanceof BusyException e) {
      return common + " " + e.retryAfter();
    } else if (failure instanceof ContentNotFoundException e) {
      return common + " " + e.status();
    } else if (failure instanceof NoSpaceException e) {
      return common + " " + e.neededBytes() + " " + e.freeBytes();
    }
    return common;
  }

  private static Advice advice() {
    return new Advice(true, List.of(new Parent(0, peer("10.0.0.1", 1234), "contact")));
  }

  private static Peer peer(String ip, int port) {
    return new Peer(PEER, address(ip, port), "zone 2", ip.contains(":") ? CERTIFICATE : "");
  }

  private static Holding holding(TaskId task, int... pieces) {
    BitSet set = new BitSet();
    for (int piece : pieces) {
      set.set(piece);
    }
    return new Holding(task, set);
  }

  private static PieceDigests digests(int first, int count) {
    byte[] list = new byte[count * PieceDigests.BYTES];
    new Random(first).nextBytes(list);
    return new PieceDigests(first, list);
  }

  private static InetSocketAddress address(String ip, int port) {
    try {
      return new InetSocketAddress(InetAddress.getByName(ip), port);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
