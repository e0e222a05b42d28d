package io.dragonfly.examples.dfget;

import io.dragonfly.DistributionClient;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.home.CachedTask;
import io.dragonfly.home.FetchRecord;
import io.dragonfly.home.Removal;
import io.dragonfly.home.Verification;
import io.dragonfly.task.TaskId;
import java.util.List;
import java.util.Optional;

/** What the commands about a home need of it. */
interface HomeContent {
  /** What a home that is not there holds. */
  HomeContent NOTHING =
      new HomeContent() {
        @Override
        public List<CachedTask> tasks() {
          return List.of();
        }

        @Override
        public Removal remove(TaskId task) {
          return Removal.NOT_HELD;
        }

        @Override
        public Optional<Verification> verify(TaskId task) {
          return Optional.empty();
        }

        @Override
        public List<FetchRecord> history() {
          return List.of();
        }

        @Override
        public boolean renewSecret() {
          return false;
        }
      };

  /** See {@link DistributionClient#tasks}. */
  List<CachedTask> tasks();

  /** See {@link DistributionClient#remove}. */
  Removal remove(TaskId task);

  /** See {@link DistributionClient#verify}. */
  Optional<Verification> verify(TaskId task);

  /** See {@link DistributionClient#history}. */
  List<FetchRecord> history();

  /** See {@link DistributionClient#renewSecret}. Returns whether there was a secret. */
  boolean renewSecret();

  /** What the home of a peer holds. */
  static HomeContent of(DistributionClient client) {
    return new HomeContent() {
      @Override
      public List<CachedTask> tasks() {
        return client.tasks();
      }

      @Override
      public Removal remove(TaskId task) {
        Removal removal = client.remove(task);
        SecurityEvent event =
            SecurityEvent.done(
                SecurityEvent.Kind.REMOVE_TASK,
                "user " + System.getProperty("user.name"),
                "this machine",
                "task " + task.hex());
        client.securityEvent(
            removal == Removal.REMOVED
                ? event
                : event.failed(
                    removal == Removal.IN_USE ? "it is in use" : "there is no such task"));
        return removal;
      }

      @Override
      public Optional<Verification> verify(TaskId task) {
        return client.verify(task);
      }

      @Override
      public List<FetchRecord> history() {
        return client.history();
      }

      @Override
      public boolean renewSecret() {
        client.renewSecret();
        return true;
      }
    };
  }
}
