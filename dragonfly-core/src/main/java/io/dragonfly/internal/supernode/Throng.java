package io.dragonfly.internal.supernode;

import io.dragonfly.control.Caller;
import io.dragonfly.error.BusyException;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.queue.Place;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Bounds how many registrations from one place wait for their answers at once: each may be waiting
 * for a source, and takes up memory meanwhile. Safe for concurrent use.
 */
final class Throng {
  private final int most;
  private final Map<Place, Integer> waiting = new ConcurrentHashMap<>();

  Throng(int most) {
    this.most = most;
  }

  /**
   * Lets a registration in.
   *
   * @throws BusyException if too many from its place wait already
   */
  <T> CompletableFuture<T> admit(Caller caller, Supplier<CompletableFuture<T>> registration) {
    Place place = Place.of(caller.address().getAddress(), caller.id());
    int now = waiting.merge(place, 1, Integer::sum);
    if (now > most) {
      leave(place);
      throw new BusyException(
          "%d registrations from %s wait for their answers already. Try again later."
              .formatted(most, caller.address().getAddress().getHostAddress()));
    }
    CompletableFuture<T> answer;
    try {
      answer = registration.get();
    } catch (RuntimeException e) {
      leave(place);
      throw e;
    }
    Continuations.whenDone(answer, (value, failure) -> leave(place));
    return answer;
  }

  private void leave(Place place) {
    waiting.computeIfPresent(place, (p, number) -> number == 1 ? null : number - 1);
  }
}
