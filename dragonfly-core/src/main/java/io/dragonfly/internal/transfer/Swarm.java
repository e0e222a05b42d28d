package io.dragonfly.internal.transfer;

import io.dragonfly.control.Advice;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.Queued;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.ErrorKind;
import io.dragonfly.internal.transfer.intake.DownloadContext;
import io.dragonfly.internal.transfer.intake.PieceDownload;
import io.dragonfly.internal.transfer.intake.PieceIntake;
import io.dragonfly.internal.transfer.swarm.Membership;
import io.dragonfly.internal.transfer.swarm.Supernodes;
import io.dragonfly.internal.transfer.swarm.TaskEvents;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.PieceSpan;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A download's side towards its supernode and, through that, other peers: does what it is assigned,
 * reports, and knows what to do when the supernode is lost. Confined to the loop.
 */
final class Swarm implements TaskEvents, SwarmDownloads.Owner {
  private static final Logger LOG = LoggerFactory.getLogger(Swarm.class);

  private final Parts parts;
  private final DownloadContext lane;
  private final Download download;
  private final SwarmDownloads takes;
  private final LostSupernode loss;
  private @Nullable Membership membership;
  private PeerId self;
  private Advice advice = Advice.NONE;
  private boolean closed;

  Swarm(Parts parts, DownloadContext lane, Download download) {
    this.parts = parts;
    this.lane = lane;
    this.download = download;
    this.self = parts.self();
    this.takes = new SwarmDownloads(parts, lane, download.table(), download.digests(), this);
    this.loss = new LostSupernode(parts, download, this, takes);
  }

  /** Returns what to do while the supernode is lost. */
  Advice advice() {
    return advice;
  }

  /** Returns the part in the swarm, if there is one. */
  Optional<Membership> membership() {
    return Optional.ofNullable(membership);
  }

  /** Returns in words why nobody brings what is missing, if it is for want of the supernode. */
  Optional<String> lack() {
    return loss.lack();
  }

  /** Tells whether a supernode brings the pieces. */
  boolean isMember() {
    return membership != null;
  }

  /** Takes part as a registration says. */
  void join(Supernodes.Registered registered) {
    RegisterResponse answer = registered.answer();
    Membership old = membership;
    Membership now =
        registered.link().join(download.task().id(), answer, download.stored()::pieces);
    membership = now;
    now.follow(this, download::credentials, download::pushed);
    if (old != null && old != now) {
      old.leave();
    }
    if (old != now) {
      supernodeBack();
    }
    answer.task().layout().length().ifPresent(this::lengthLearned);
    digests(answer.digests());
    advised(answer.advice());
    answer.content().ifPresent(content -> keep(content, now));
    now.want(download.demand().wanted());
  }

  /** A small content came with the answer: it is the first and only piece. */
  private void keep(byte[] content, Membership from) {
    PieceTable table = download.table();
    boolean fits =
        table.layout().length().orElse(-1) == content.length && table.layout().pieces() == 1;
    if (!fits || table.isDone(0) || table.isAsked(0)) {
      return;
    }
    table.ask(0);
    PieceIntake intake = lane.intake(0);
    intake.add(ByteBuffer.wrap(content));
    Digest digest = intake.finish();
    if (!download.digests().digest(0).orElse(digest).equals(digest)) {
      intake.abandon();
      table.giveBack(0);
      return;
    }
    parts
        .loop()
        .when(
            intake.seal(digest),
            done -> {
              download.pieceDone(
                  0, new PieceOrigin(PieceOrigin.Kind.SUPERNODE, from.link().cdn(), 0));
              from.link()
                  .supernode()
                  .ifPresent(supernode -> report(new PieceResult(0, supernode, Outcome.DONE, 0)));
            },
            download::storeFailed);
  }

  /** Hears what the supernode said before there was a fetch to want it. */
  void catchUp() {
    if (membership != null) {
      membership.catchUp();
    }
  }

  void want(PieceSpan span) {
    if (membership != null && !closed) {
      membership.want(span);
    }
  }

  void withdraw(int piece) {
    if (membership != null) {
      membership.withdraw(piece);
    }
  }

  /** Nothing comes: is the supernode still there? */
  void doubt() {
    if (membership != null) {
      membership.link().doubt();
    }
  }

  /** Ends all takes. */
  void close() {
    takes.cancelAll();
    closed = true;
    loss.over();
  }

  /** Goes on giving what is there, if others may have it; else the supernode is told the end. */
  void seedOrLeave(boolean hasPieces) {
    Membership member = membership;
    membership = null;
    if (member == null) {
      return;
    }
    if (hasPieces && parts.supernodes().giving().contains(member.link())) {
      member.seed();
    } else {
      member.leave();
    }
  }

  @Override
  public void digests(PieceDigests more) {
    int before = download.digests().count();
    download.digests().add(more);
    for (int piece = before; piece < download.digests().count(); piece++) {
      compareWithStore(piece);
    }
  }

  /** A piece that came from the source, now or long ago, is kept only if it is the right one. */
  private void compareWithStore(int piece) {
    if (!download.table().isDone(piece)) {
      return;
    }
    Optional<Digest> kept = download.unproven(piece).or(() -> download.stored().digest(piece));
    if (kept.equals(download.digests().digest(piece))) {
      download.proved(piece);
      return;
    }
    discard(piece);
  }

  /** What was taken from a peer without proof is not what the file should be. */
  void proofFailed() {
    loss.proofFailed();
  }

  /** Drops a piece that is there. */
  void discard(int piece) {
    // Asked of nobody, but not to be asked of anybody either before the store has let go of it.
    download.table().ask(piece);
    download.pieceLost(piece);
    parts
        .loop()
        .when(
            parts.writer().run(download.stored(), () -> download.stored().unseal(piece)),
            done -> {
              download.table().giveBack(piece);
              download.source().wantedChanged();
            },
            download::storeFailed);
  }

  @Override
  public void lengthLearned(long length) {
    var unused = download.lengthLearned(length);
  }

  @Override
  public void assigned(List<Assigned> assigned) {
    if (!closed) {
      assigned.forEach(takes::assign);
    }
  }

  @Override
  public int underWay() {
    return takes.pieces();
  }

  @Override
  public void advised(Advice now) {
    advice = now;
  }

  @Override
  public void failed(DistributionException failure) {
    membership = null;
    boolean itsOwn = failure.kind() == ErrorKind.NO_SPACE || failure.kind() == ErrorKind.STORAGE;
    if (itsOwn && loss.mayReadSource()) {
      download.source().read("the supernode cannot keep the content: " + failure.getMessage());
    } else {
      download.fail(failure);
    }
  }

  @Override
  public void queued(Optional<Queued> wait) {
    download.queued(wait);
  }

  /** Tells whether all that is under way waits in this client's own queue. */
  boolean waitsForTurn() {
    return takes.waitForTurn();
  }

  @Override
  public void sourceRetried(DistributionException failure) {
    download.sourceRetried(failure);
  }

  @Override
  public void supernodeLost(String reason, Duration silence) {
    loss.lost(reason, silence);
  }

  @Override
  public void supernodeBack() {
    loss.over();
    download.source().stopSoon();
  }

  @Override
  public PeerId self() {
    if (membership != null) {
      self = membership.link().self(); // at each supernode this peer has another id
    }
    return self;
  }

  @Override
  public boolean wants(int piece) {
    return !closed && download.demand().wants(piece);
  }

  @Override
  public void report(PieceResult result) {
    if (membership != null) {
      membership.report(result);
    }
  }

  @Override
  public void taken(int piece, Parent parent, long nanos, Optional<Digest> unproven) {
    Optional<Digest> known = download.digests().digest(piece);
    if (unproven.isPresent() && known.isPresent() && !known.equals(unproven)) {
      // Its digest has become known since the piece was asked for.
      report(new PieceResult(piece, parent.peer().id(), Outcome.DIGEST_MISMATCH, nanos / 1000));
      download.table().giveBack(piece);
      parts
          .listener()
          .pieceFailed(
              download.task(),
              piece,
              parent.peer(),
              Outcome.DIGEST_MISMATCH,
              "the bytes have " + unproven.get() + " instead of " + known.get());
      loss.notTaken(parent, Outcome.DIGEST_MISMATCH);
      parts.loop().execute(this::pieceWasGivenBack);
      return;
    }
    boolean supernode = membership != null && membership.link().isSupernode(parent.peer().id());
    PieceOrigin.Kind kind = supernode ? PieceOrigin.Kind.SUPERNODE : PieceOrigin.Kind.PEER;
    long bytes = download.table().layout().range(piece).length();
    parts.listener().pieceTaken(download.task(), piece, parent.peer(), bytes, nanos);
    download.source().swarmDelivers();
    if (!download.table().isDone(piece)) {
      unproven.ifPresent(digest -> download.unproven(piece, digest));
    }
    download.pieceDone(piece, new PieceOrigin(kind, Optional.of(parent.peer()), nanos));
    if (known.isPresent()) {
      download.proved(piece);
    }
    loss.taken(parent, bytes);
  }

  @Override
  public void moved(int piece, Parent from, Parent to, String reason) {
    parts.listener().pieceMoved(download.task(), piece, from.peer(), to.peer(), reason);
  }

  @Override
  public void notTaken(int piece, Parent parent, PieceDownload.End end) {
    LOG.debug(
        "Task {}: piece {} not from {}: {}",
        download.task().id().brief(),
        piece,
        parent.peer().id().brief(),
        end.reason());
    parts
        .listener()
        .pieceFailed(download.task(), piece, parent.peer(), end.outcome(), end.reason());
    if (!closed) {
      loss.notTaken(parent, end.outcome());
      // Not within this call: the piece is given back behind it.
      parts.loop().execute(this::pieceWasGivenBack);
    }
  }

  private void pieceWasGivenBack() {
    if (!closed) {
      loss.askContacts();
      download.source().wantedChanged();
    }
  }

  @Override
  public void storeFailed(Throwable failure) {
    download.storeFailed(failure);
  }
}
