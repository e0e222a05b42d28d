package io.dragonfly.contract;

import io.dragonfly.control.PieceResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/** Does what another scheduler does, but for what a subclass breaks. */
class ForwardingScheduler implements Scheduler {
  private final Scheduler right;

  ForwardingScheduler(Scheduler right) {
    this.right = right;
  }

  @Override
  public void taskAdded(TaskId task, PieceLayout layout, Peer cdn) {
    right.taskAdded(task, layout, cdn);
  }

  @Override
  public void lengthLearned(TaskId task, PieceLayout layout) {
    right.lengthLearned(task, layout);
  }

  @Override
  public void taskRemoved(TaskId task) {
    right.taskRemoved(task);
  }

  @Override
  public void peerJoined(TaskId task, Peer peer, BitSet has, PieceSpan wanted) {
    right.peerJoined(task, peer, has, wanted);
  }

  @Override
  public void wantedChanged(TaskId task, PeerId peer, PieceSpan wanted) {
    right.wantedChanged(task, peer, wanted);
  }

  @Override
  public void peerLeft(TaskId task, PeerId peer) {
    right.peerLeft(task, peer);
  }

  @Override
  public void pieceAdded(TaskId task, PeerId holder, int piece) {
    right.pieceAdded(task, holder, piece);
  }

  @Override
  public void pieceLost(TaskId task, PeerId holder, int piece) {
    right.pieceLost(task, holder, piece);
  }

  @Override
  public void reported(TaskId task, PeerId child, PieceResult result) {
    right.reported(task, child, result);
  }

  @Override
  public void undelivered(PeerId child, List<Plan> plans) {
    right.undelivered(child, plans);
  }

  @Override
  public List<Plan> assign(PeerId child, int max) {
    return right.assign(child, max);
  }

  @Override
  public Optional<QueuePlace> uplinkQueue(TaskId task, PeerId peer) {
    return right.uplinkQueue(task, peer);
  }

  @Override
  public List<PeerId> ready() {
    return right.ready();
  }

  @Override
  public void tick() {
    right.tick();
  }
}
