package io.dragonfly;

import io.dragonfly.control.Outcome;
import io.dragonfly.fetch.FetchListener;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.task.Task;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Writes down what it sees, one word or two for each event. */
final class RecordingListener extends FetchListener {
  private final List<String> seen = new CopyOnWriteArrayList<>();

  List<String> seen() {
    return List.copyOf(seen);
  }

  @Override
  public void started(FetchRequest request) {
    seen.add("started");
  }

  @Override
  public void registered(FetchRequest request, Task task) {
    seen.add("registered");
  }

  @Override
  public void pieceTaken(Task task, int piece, Peer parent, long bytes, long nanos) {
    seen.add("taken " + piece);
  }

  @Override
  public void pieceFailed(Task task, int piece, Peer parent, Outcome outcome, String reason) {
    seen.add("failed " + piece + " " + outcome);
  }

  @Override
  public void backToSource(FetchRequest request, String reason) {
    seen.add("backToSource");
  }

  @Override
  public void supernodeLost(FetchRequest request, String reason) {
    seen.add("supernodeLost");
  }

  @Override
  public void completed(FetchRequest request, FetchResult result) {
    seen.add("completed");
  }

  @Override
  public void failed(FetchRequest request, Exception failure) {
    seen.add("failed");
  }
}
