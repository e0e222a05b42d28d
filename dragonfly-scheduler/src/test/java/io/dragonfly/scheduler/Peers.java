package io.dragonfly.scheduler;

import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.BitSet;

/** Peers, tasks and pieces for tests, by number. */
final class Peers {
  private Peers() {}

  static Peer peer(int number) {
    return peer(number, "");
  }

  static Peer peer(int number, String zone) {
    return new Peer(id(number), new InetSocketAddress(loopback(), 9000 + number), zone);
  }

  /** A peer that serves inside its own process alone. */
  static Peer hidden(int number) {
    return new Peer(id(number), new InetSocketAddress(loopback(), 0), "");
  }

  private static InetAddress loopback() {
    return InetAddress.getLoopbackAddress();
  }

  static PeerId id(int number) {
    return new PeerId("%032x".formatted(number));
  }

  static int number(PeerId id) {
    return Integer.parseInt(id.hex(), 16);
  }

  static TaskId task(int number) {
    return new TaskId("%064x".formatted(number));
  }

  static PieceLayout layout(int pieces) {
    return PieceLayout.of((long) pieces * PieceLayout.MIN_PIECE_LENGTH);
  }

  static BitSet pieces(int first, int end) {
    BitSet pieces = new BitSet();
    pieces.set(first, end);
    return pieces;
  }
}
