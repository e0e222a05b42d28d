package io.dragonfly.examples.dfget;

import io.dragonfly.error.DistributionException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Turns what options do not allow into usage errors. */
final class Usage {
  private Usage() {}

  /** Builds something out of a command's options. */
  static <T> T check(CommandSpec spec, Callable<T> builder) {
    try {
      return builder.call();
    } catch (DistributionException e) {
      throw e;
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    } catch (Exception e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
