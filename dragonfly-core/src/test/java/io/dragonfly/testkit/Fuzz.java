package io.dragonfly.testkit;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Calls a parser of outside data with {@link #TRIES} {@link Mutations} of honest inputs. The parser
 * may throw the exceptions that it documents. Any other one, an input that takes it {@link #HANGS},
 * and one that makes it allocate much more than it is long is an {@link AssertionError}, which has
 * the seed and the input. Not safe for concurrent use.
 */
public final class Fuzz {
  /** How often each parser is called: the system property {@code fuzz.tries}, 2,000 by default. */
  public static final int TRIES = Integer.getInteger("fuzz.tries", 2_000);

  /** The system property {@code fuzz.seed}; the same in each build by default. */
  private static final long SEED = Long.getLong("fuzz.seed", 20_261_127);

  /** Far more than any parser takes on a machine that has too much to do. */
  private static final Duration HANGS = Duration.ofSeconds(60);

  private static final long MOST_ALLOCATED = 16 << 20;
  private static final long MOST_ALLOCATED_PER_BYTE = 1 << 10;
  private static final int MOST_SHOWN = 4_000;

  private final List<byte[]> corpus;
  private final Mutations mutations;
  private int tries = TRIES;

  /** One call of a parser. */
  @FunctionalInterface
  public interface Parser {
    /**
     * Parses an input, and asserts what holds for whatever comes of it.
     *
     * @return false if the input is refused in another way than by an exception
     */
    boolean accepts(byte[] input) throws Exception;
  }

  /**
   * What became of the inputs: a fuzz test that has all of them refused, or none, tests little.
   *
   * @param accepted those that were parsed
   * @param refused the others
   */
  public record Counts(int accepted, int refused) {}

  private Fuzz(String alphabet, List<byte[]> corpus) {
    this.corpus = List.copyOf(corpus);
    this.mutations = new Mutations(SEED, alphabet, this.corpus);
  }

  /**
   * Mutations of texts, whose characters are bytes.
   *
   * @param alphabet characters that mean something to the parser
   */
  public static Fuzz of(String alphabet, String... corpus) {
    return new Fuzz(
        alphabet,
        Arrays.stream(corpus).map(text -> text.getBytes(StandardCharsets.ISO_8859_1)).toList());
  }

  /**
   * Mutations of bytes.
   *
   * @param alphabet characters that mean something to the parser
   */
  public static Fuzz of(String alphabet, List<byte[]> corpus) {
    return new Fuzz(alphabet, corpus);
  }

  /** Calls the parser only once for this many tries: each call takes long, such as by a socket. */
  public Fuzz onceFor(int thisMany) {
    tries = Math.max(corpus.size(), TRIES / thisMany);
    return this;
  }

  /** Returns an input as a text, whose characters are bytes. */
  public static String text(byte[] input) {
    return new String(input, StandardCharsets.ISO_8859_1);
  }

  /**
   * Calls the parser.
   *
   * @param refusals the exceptions that it documents
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // the list only reads them
  public final Counts run(Parser parser, Class<? extends Exception>... refusals) {
    // List.of would take the array as one of objects, of which javac warns.
    List<Class<? extends Exception>> documented = new ArrayList<>();
    for (Class<? extends Exception> refusal : refusals) {
      documented.add(refusal);
    }
    Run run = new Run(parser, documented);
    Thread thread = new Thread(run, "fuzz");
    thread.setDaemon(true);
    thread.start();
    run.awaitEnd(thread);
    return new Counts(run.accepted, run.refused);
  }

  private final class Run implements Runnable {
    private final Parser parser;
    private final List<Class<? extends Exception>> refusals;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private volatile byte[] input = {};
    private final AtomicInteger number = new AtomicInteger();
    private volatile @Nullable AssertionError failure;
    private int accepted;
    private int refused;

    Run(Parser parser, List<Class<? extends Exception>> refusals) {
      this.parser = parser;
      this.refusals = refusals;
    }

    @Override
    public void run() {
      try {
        for (byte[] honest : corpus) { // loads the classes, which is not what is measured
          call(honest);
        }
        accepted = 0;
        refused = 0;
        for (int i = 0; i < tries; i++) {
          callMeasured(mutations.of(corpus.get(i % corpus.size())));
        }
      } catch (Throwable e) {
        failure = failed("it throws " + e, e);
      } finally {
        ended.countDown();
      }
    }

    private void callMeasured(byte[] next) throws Exception {
      long self = Thread.currentThread().getId();
      long before = threads.getThreadAllocatedBytes(self);
      call(next);
      long allocated = threads.getThreadAllocatedBytes(self) - before;
      if (allocated > MOST_ALLOCATED + MOST_ALLOCATED_PER_BYTE * next.length) {
        throw new IllegalStateException("it allocates %,d bytes".formatted(allocated));
      }
    }

    private void call(byte[] next) throws Exception {
      input = next;
      number.incrementAndGet();
      try {
        if (parser.accepts(next.clone())) {
          accepted++;
        } else {
          refused++;
        }
      } catch (Exception e) {
        if (refusals.stream().noneMatch(refusal -> refusal.isInstance(e))) {
          throw e;
        }
        refused++;
      }
    }

    void awaitEnd(Thread thread) {
      try {
        int before = -1;
        while (!ended.await(HANGS.toSeconds(), TimeUnit.SECONDS)) {
          int now = number.get();
          if (now == before) {
            AssertionError hangs = failed("it hangs", null);
            hangs.setStackTrace(thread.getStackTrace());
            throw hangs;
          }
          before = now;
        }
        thread.join(HANGS.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw failed("it was interrupted", e);
      }
      AssertionError failed = failure;
      if (failed != null) {
        throw failed;
      }
    }

    private AssertionError failed(String what, @Nullable Throwable cause) {
      return new AssertionError(
          "Input %d of seed %d (-Dfuzz.seed), %d bytes: %s%n%s"
              .formatted(number.get(), SEED, input.length, what, shown(input)),
          cause);
    }
  }

  /** As a Java string has it. */
  private static String shown(byte[] input) {
    return text(Arrays.copyOf(input, Math.min(input.length, MOST_SHOWN)))
        .chars()
        .mapToObj(
            c ->
                c >= ' ' && c <= '~' && c != '"' && c != '\\'
                    ? String.valueOf((char) c)
                    : "\\u%04x".formatted(c))
        .collect(Collectors.joining("", "\"", "\""));
  }
}
