package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.net.InetAddresses;
import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.Caller;
import io.dragonfly.control.Holding;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.TaskReport;
import io.dragonfly.error.BusyException;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.CallOrigin;
import io.dragonfly.spi.Network;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FirstComeScheduler;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A client address that has all that it may have of a supernode, and the others beside it. */
@ExtendWith(LeakCheck.class)
class AddressBudgetsTest {
  private static final InetAddress HERE = InetAddresses.forString("192.0.2.1");
  private static final InetAddress THERE = InetAddresses.forString("192.0.2.2");

  private final FakeSource source = new FakeSource();
  private final SecureRandom random = new SecureRandom();
  private final TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
  private TestSupernode supernode = setup.start();

  @AfterEach
  void close() {
    supernode.close();
  }

  private void restart(double share) {
    supernode.close();
    setup.sharePerAddress = share;
    supernode = setup.start();
  }

  private Caller caller(InetAddress ip, String zone) {
    return new Caller(PeerSecret.random(random), new InetSocketAddress(ip, 1), zone);
  }

  /** The peers of these tests have certificates of the fleet. */
  private SupernodeApi from(InetAddress address) {
    return supernode.service.from(new CallOrigin(address, true, ""));
  }

  private static URI file(int number) {
    return URI.create("fake://host/" + number);
  }

  /** One that has just been answered may still count as one that waits. */
  private CompletableFuture<RegisterResponse> register(
      InetAddress from, Caller caller, ContentRequest content) {
    AtomicReference<CompletableFuture<RegisterResponse>> call = new AtomicReference<>();
    RegisterRequest request =
        new RegisterRequest(caller, content, Optional.empty(), Optional.empty(), List.of());
    await()
        .until(
            () -> {
              call.set(from(from).register(request));
              return !call.get().isCompletedExceptionally()
                  || !RegistrationTest.failure(call.get()).getMessage().contains("that wait");
            });
    return call.get();
  }

  private TaskId registered(InetAddress from, Caller caller, int number) {
    return get(register(from, caller, ContentRequest.of(file(number)))).task().id();
  }

  /** As with {@link #register}. */
  private CompletableFuture<AnnounceResponse> offer(
      InetAddress from, Caller caller, Holding... holdings) {
    AtomicReference<CompletableFuture<AnnounceResponse>> call = new AtomicReference<>();
    AnnounceRequest request = new AnnounceRequest(caller, List.of(holdings));
    await()
        .until(
            () -> {
              call.set(from(from).announce(request));
              return !call.get().isCompletedExceptionally()
                  || !RegistrationTest.failure(call.get()).getMessage().contains("that wait");
            });
    return call.get();
  }

  private static void assertBusy(String what, CompletableFuture<?> call) {
    assertThat(RegistrationTest.failure(call))
        .isInstanceOf(BusyException.class)
        .hasMessageStartingWith(HERE.getHostAddress() + " has as many " + what + " here");
  }

  /** What it claims to serve at is whatever it likes in such a network. */
  @Test
  void peersCountWhereTheyCallFromAndNotWhereTheySayThatTheyServe() {
    setup.rules = new JoinRules(Optional.empty(), true, List.of(Network.parse("10.0.0.0/8")));
    restart(0.00003); // three peers
    for (int i = 1; i <= 3; i++) {
      get(offer(HERE, caller(InetAddresses.forString("10.0.0." + i), "")));
    }
    assertBusy("peers", offer(HERE, caller(InetAddresses.forString("10.0.0.4"), "")));
    get(offer(THERE, caller(InetAddresses.forString("10.0.0.5"), "")));
  }

  @Test
  void namesOfDataCentresAreBoundedForEachAddress() {
    restart(0.003); // three of them
    List<Caller> callers = List.of(caller(HERE, "a"), caller(HERE, "b"), caller(HERE, "c"));
    callers.forEach(caller -> get(offer(HERE, caller)));
    get(offer(HERE, caller(HERE, "c")));
    get(offer(HERE, caller(HERE, "")));
    assertBusy("zones", offer(HERE, caller(HERE, "d")));
    get(offer(THERE, caller(THERE, "d")));

    get(from(HERE).leave(new LeaveRequest(callers.get(0), Optional.empty())));
    Caller changing = caller(HERE, "e");
    get(offer(HERE, changing));
    assertBusy("zones", offer(HERE, new Caller(changing.secret(), changing.address(), "f")));
  }

  @Test
  void tasksAreBoundedForEachAddressAndNoMoreIsAskedOfTheSource() {
    for (int i = 0; i < 4; i++) {
      source.put(file(i), bytes(1));
    }
    restart(0.000_005); // two tasks
    Caller caller = caller(HERE, "");
    TaskId first = registered(HERE, caller, 0);
    registered(HERE, caller, 1);
    assertBusy("tasks", register(HERE, caller, ContentRequest.of(file(2))));
    assertThat(source.opened()).hasSize(2);
    registered(HERE, caller, 1); // once more
    registered(THERE, caller(THERE, ""), 2);
    // It is there now, but is one more for this address all the same.
    assertBusy("tasks", register(HERE, caller, ContentRequest.of(file(2))));

    get(from(HERE).leave(new LeaveRequest(caller, Optional.of(first))));
    registered(HERE, caller, 2);
  }

  /** What finds no room is said to be unknown, so that it is offered later, and nothing else. */
  @Test
  void partsInTasksAreBoundedForEachAddress() {
    Caller here = caller(HERE, "");
    Holding[] holdings = new Holding[6];
    for (int i = 0; i < 6; i++) {
      source.put(file(i), bytes(1));
      holdings[i] = held(HERE, here, i);
    }
    Caller there = caller(THERE, "");
    Holding other = held(THERE, there, 5);
    restart(0.000_005); // five parts; the store keeps the tasks
    assertThat(get(offer(HERE, here, holdings[0], holdings[1])).unknown()).isEmpty();
    assertThat(get(offer(HERE, here, holdings[2], holdings[3])).unknown()).isEmpty();
    assertThat(get(offer(HERE, here, holdings[4], holdings[5])).unknown())
        .containsExactly(holdings[5].task());
    assertThat(get(offer(HERE, here, holdings[5])).unknown()).containsExactly(holdings[5].task());
    assertThat(get(offer(HERE, here, holdings[3], holdings[4])).unknown()).isEmpty();
    assertThat(get(offer(THERE, there, other)).unknown()).isEmpty();
  }

  private Holding held(InetAddress from, Caller caller, int number) {
    RegisterResponse answer = get(register(from, caller, ContentRequest.of(file(number))));
    TaskId task = answer.task().id();
    return new Holding(task, TestPeer.holding(task, 0).pieces(), Optional.of(answer.ticket()));
  }

  @Test
  void whatSourcesAreAskedWithIsBoundedForEachAddress() {
    for (int i = 0; i < 6; i++) {
      source.put(file(i), bytes(1));
    }
    restart(0.000_1); // 13 KiB
    Caller caller = caller(HERE, "");
    for (int i = 0; i < 3; i++) {
      get(register(HERE, caller, with("t" + i, i)));
    }
    assertBusy("headers and certificates", register(HERE, caller, with("t3", 3)));
    for (int i = 3; i < 6; i++) {
      get(register(HERE, caller, with("t2", i)));
    }
    Caller other = caller(THERE, "");
    get(register(THERE, other, with("t3", 3)));

    get(from(HERE).leave(new LeaveRequest(caller, Optional.empty())));
    get(register(HERE, caller, with("t4", 4)));
  }

  @Test
  void aPeerThatThereWasNoRoomForIsForgottenAsOthersAre() {
    for (int i = 0; i < 4; i++) {
      source.put(file(i), bytes(1));
    }
    restart(0.000_1);
    Caller caller = caller(HERE, "");
    for (int i = 0; i < 3; i++) {
      get(register(HERE, caller, with("t" + i, i)));
    }
    assertBusy("headers and certificates", register(HERE, caller(HERE, ""), with("t3", 3)));
    get(from(HERE).leave(new LeaveRequest(caller, Optional.empty())));
    assertThat(supernode.service.isKnown(HERE)).isTrue();
    setup.ticker.advance(Duration.ofSeconds(91));
    assertThat(supernode.service.isKnown(HERE)).isFalse();
  }

  private static ContentRequest with(String token, int file) {
    return ContentRequest.of(file(file))
        .withHeaders(Headers.NONE.with("Authorization", token + "x".repeat(4_000)));
  }

  @Test
  void longHeadersAreRefusedWithWhatToDo() {
    source.put(file(1), bytes(1));
    ContentRequest content =
        ContentRequest.of(file(1)).withHeaders(Headers.NONE.with("X", "x".repeat(33_000)));
    assertThat(RegistrationTest.failure(register(HERE, caller(HERE, ""), content)))
        .isInstanceOf(CallRefusedException.class)
        .hasMessageContaining("headers");
    assertThat(source.opened()).isEmpty();
    get(new TestPeer(supernode).register(content)); // in this process
  }

  @Test
  void anAddressIsKnownWhileAPeerThereTakesPart() {
    assertThat(supernode.service.isKnown(HERE)).isFalse();
    Caller caller = caller(HERE, "");
    get(offer(HERE, caller));
    assertThat(supernode.service.isKnown(HERE)).isTrue();
    assertThat(supernode.service.isKnown(THERE)).isFalse();
    get(from(HERE).leave(new LeaveRequest(caller, Optional.empty())));
    assertThat(supernode.service.isKnown(HERE)).isFalse();
  }

  /** A source that says no length would else make each record of a peer 128 KiB. */
  @Test
  void piecesFarBeyondThoseThatAreKnownTakeUpNoMemory() {
    PeerId cdn = caller(HERE, "").id();
    Scheduler scheduler = new FirstComeScheduler();
    Reports reports = new Reports(scheduler, cdn, null);
    Task task =
        Task.of(
            ContentRequest.of(file(1)).key(),
            new SourceVersion(Optional.of("\"v\""), OptionalLong.empty()),
            Optional.empty(),
            "");
    Session session = new Session(caller(HERE, ""), null);
    Member member = new Member(session, new SwarmTask(task));
    int last = PieceLayout.MAX_PIECES - 1;

    PieceResult far = new PieceResult(last, session.id(), Outcome.DONE, 1);
    PieceResult near = new PieceResult(7, session.id(), Outcome.DONE, 1);
    reports.apply(
        member, new TaskReport(task.id(), PieceSpan.NONE, 0, List.of(), List.of(far, near)));
    assertThat(member.heldBack.stream()).containsExactly(7);

    BitSet offered = new BitSet();
    offered.set(3);
    offered.set(last);
    reports.holdings(member, offered);
    assertThat(member.heldBack.stream()).containsExactly(3);
    assertThat(member.heldBack.size() + member.has.size()).isLessThan(10_000);
  }

  @Test
  void whoOnlyOffersHasNothingReadByComplaining() {
    List<String> calls = new CopyOnWriteArrayList<>();
    setup.storage = ForwardingStorage.recordingReads(setup.storage, calls);
    restart(0.05);
    source.put(file(1), bytes(4 * PIECE));
    TestPeer child = new TestPeer(supernode);
    TaskId task = child.registered(file(1)).task().id();
    await().until(() -> source.openStreams() == 0);
    PeerId cdn = supernode.service.local().id();
    calls.clear();

    Caller stranger = caller(HERE, "");
    get(offer(HERE, stranger, TestPeer.holding(task, 0)));
    complain(stranger, task, cdn, 0, 1, 2);
    // One that takes, but was never told to take from there, does not know either.
    TestPeer other = new TestPeer(supernode);
    other.registered(file(1));
    other.reports(2, cdn, Outcome.DIGEST_MISMATCH).next(task, PieceSpan.NONE);

    child.answer(task, PieceSpan.ALL);
    child.reports(3, cdn, Outcome.DIGEST_MISMATCH).next(task, PieceSpan.ALL);
    await().until(() -> calls.contains("read 3"));
    assertThat(calls).containsOnly("suspect 3", "read 3");
  }

  private void complain(Caller caller, TaskId task, PeerId cdn, int... pieces) {
    List<PieceResult> results =
        Arrays.stream(pieces)
            .mapToObj(piece -> new PieceResult(piece, cdn, Outcome.DIGEST_MISMATCH, 1))
            .toList();
    TaskReport report = new TaskReport(task, PieceSpan.NONE, 4, List.of(), results);
    var unused =
        from(HERE).poll(new PollRequest(caller, 0, List.of(report), Duration.ofSeconds(1)));
  }
}
