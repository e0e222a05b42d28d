package io.dragonfly.home;

import io.dragonfly.error.ErrorKind;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.task.TaskId;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How one fetch went, well or not. It is kept when the output is moved or removed.
 *
 * @param task the version that was fetched
 * @param url what was fetched, without query and user
 * @param output the file that it became or, if it failed, was to become; empty if it was for none
 * @param start when it was asked for
 * @param time from the request to the end
 * @param bytes where its bytes came from
 * @param failure why it failed, if it did
 * @param parents what each parent gave: those that gave or failed most, if there were very many
 * @param steps what happened meanwhile, in the order of their first times
 * @param stepsLeftOut how many steps are not in the list because there were too many
 */
public record FetchRecord(
    TaskId task,
    String url,
    Optional<Output> output,
    Instant start,
    Duration time,
    FetchProgress bytes,
    Optional<Failure> failure,
    List<ParentRecord> parents,
    List<FetchStep> steps,
    int stepsLeftOut) {
  /** Copies the lists. */
  public FetchRecord {
    parents = List.copyOf(parents);
    steps = List.copyOf(steps);
  }

  /**
   * The file that a fetch made, as it was then, or that it did not get to make.
   *
   * @param path its absolute path
   * @param length its bytes
   * @param modified when it was last written; empty if it was gone at once, or was not made
   */
  public record Output(Path path, long length, Optional<Instant> modified) {}

  /**
   * Why a fetch failed.
   *
   * @param kind what kind of failure
   * @param message what happened, in words
   */
  public record Failure(ErrorKind kind, String message) {}
}
