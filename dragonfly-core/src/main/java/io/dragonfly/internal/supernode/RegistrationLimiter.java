package io.dragonfly.internal.supernode;

import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.queue.KeyedBudget;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Bounds how many registrations and offers from one place wait for their answers at once, and how
 * long they are together: each may be waiting for a source or its tickets' verification, and takes
 * up memory meanwhile. Safe for concurrent use.
 */
final class RegistrationLimiter {
  private final KeyedBudget<HostKey> waiting;
  private final KeyedBudget<HostKey> waitingBytes;

  RegistrationLimiter(KeyedBudget<HostKey> waiting, KeyedBudget<HostKey> waitingBytes) {
    this.waiting = waiting;
    this.waitingBytes = waitingBytes;
  }

  /**
   * Lets a registration or an offer in.
   *
   * @param bytes what it takes up while it waits
   * @throws io.dragonfly.error.BusyException if too many from its place wait already
   */
  <T> CompletableFuture<T> admit(
      HostKey place, long bytes, Supplier<CompletableFuture<T>> registration) {
    Budgets.take(waiting, place, 1, "registrations and offers that wait");
    try {
      Budgets.take(waitingBytes, place, bytes, "bytes of registrations and offers that wait");
    } catch (RuntimeException e) {
      waiting.giveBack(place, 1);
      throw e;
    }
    CompletableFuture<T> answer;
    try {
      answer = registration.get();
    } catch (RuntimeException e) {
      leave(place, bytes);
      throw e;
    }
    Continuations.whenDone(answer, (value, failure) -> leave(place, bytes));
    return answer;
  }

  private void leave(HostKey place, long bytes) {
    waiting.giveBack(place, 1);
    waitingBytes.giveBack(place, bytes);
  }
}
