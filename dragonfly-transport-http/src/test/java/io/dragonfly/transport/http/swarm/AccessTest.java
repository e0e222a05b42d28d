package io.dragonfly.transport.http.swarm;

import static io.dragonfly.transport.http.swarm.FaultyLab.LENGTH;
import static io.dragonfly.transport.http.swarm.FaultyLab.random;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.swarm.FaultyLab.Going;
import io.dragonfly.transport.http.swarm.FaultySource.Fault;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The source decides for each user, whatever others have already got. */
@ExtendWith(LeakCheck.class)
@Timeout(300)
class AccessTest {
  private static final String FILE = "/file";
  private static final int SMALL = 1000;
  private static final String ALICE = "Basic YWxpY2U6d29uZGVybGFuZA==";
  private static final String BOB = "Basic Ym9iOmJ1aWxkZXI=";

  @TempDir Path dir;
  private FaultyLab lab;
  private final Set<String> allowed = ConcurrentHashMap.newKeySet();
  private final byte[] bytes = random(1);
  private final FaultySource file = new FaultySource(Fault.NONE, bytes);
  private volatile String refusal = "401 Unauthorized";

  @BeforeEach
  void start() throws Exception {
    lab = new FaultyLab(dir, 3, Duration.ofSeconds(30));
    lab.source().answers(this::answer);
  }

  @AfterEach
  void close() throws Exception {
    lab.close();
  }

  private void answer(RawSource.Ask ask, OutputStream out) throws IOException {
    if (allowed.contains(ask.header("authorization"))) {
      file.answer(ask, out);
    } else {
      RawSource.head(out, refusal, "WWW-Authenticate: Basic realm=\"staff\"", "Content-Length: 0");
    }
  }

  private static UnaryOperator<FetchRequest.Builder> as(String user) {
    return request -> request.header("Authorization", user);
  }

  private static void assertRefused(DistributionException failure, int status) {
    assertThat(failure)
        .isInstanceOfSatisfying(
            AccessRefusedException.class,
            refused -> {
              assertThat(refused.status()).isEqualTo(status);
              assertThat(refused.challenges()).containsExactly("Basic realm=\"staff\"");
            });
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void whoHasNoAccessIsToldSoWhileOthersDownloadAfterAndAfterARestart(int status) throws Exception {
    refusal = status + " No";
    allowed.add(ALICE);
    CountDownLatch refused = new CountDownLatch(1);
    CountDownLatch half = new CountDownLatch(1);
    file.atHalf(
        () -> {
          half.countDown();
          await(refused);
        });
    Going alice = lab.start(0, FILE, as(ALICE));
    assertThat(half.await(20, TimeUnit.SECONDS)).isTrue();
    assertRefused(lab.fetch(1, FILE, as(BOB)).refusal(), status);
    assertRefused(lab.fetch(2, FILE).refusal(), status);
    refused.countDown();
    assertThat(alice.outcome().bytes()).isEqualTo(bytes);

    // From the cache of the supernode, and from the home of a peer that has the file.
    assertRefused(lab.fetch(1, FILE, as(BOB)).refusal(), status);
    assertRefused(lab.fetch(0, FILE, as(BOB)).refusal(), status);
    lab.restart();
    assertRefused(lab.fetch(1, FILE, as(BOB)).refusal(), status);
    assertRefused(lab.fetch(0, FILE).refusal(), status);
    assertThat(lab.fetch(2, FILE, as(ALICE)).bytes()).isEqualTo(bytes);
    assertThat(file.sent()).isBetween((long) LENGTH, LENGTH + 10L);
  }

  /** A small content comes with the answer to the registration, a large one in pieces. */
  @ParameterizedTest
  @ValueSource(ints = {SMALL, LENGTH})
  void aPasswordThatIsTakenBackIsRefusedAtOnce(int length) throws Exception {
    byte[] content = publish(length);
    allowed.add(ALICE);
    assertThat(lab.fetch(0, FILE, as(ALICE)).bytes()).isEqualTo(content);
    allowed.remove(ALICE);
    assertRefused(lab.fetch(0, FILE, as(ALICE)).refusal(), 401);
    assertRefused(lab.fetch(1, FILE, as(ALICE)).refusal(), 401);
    allowed.add(ALICE);
    assertThat(lab.fetch(1, FILE, as(ALICE)).bytes()).isEqualTo(content);
  }

  @Test
  void aSmallContentThatOthersHaveIsGivenToNobodyWithoutAccess() throws Exception {
    byte[] content = publish(SMALL);
    allowed.add(ALICE);
    assertThat(lab.fetch(0, FILE, as(ALICE)).bytes()).isEqualTo(content);

    assertRefused(lab.fetch(1, FILE, as(BOB)).refusal(), 401);
    assertRefused(lab.fetch(0, FILE, as(BOB)).refusal(), 401);
    assertRefused(lab.fetch(2, FILE).refusal(), 401);
    lab.restart();
    assertRefused(lab.fetch(1, FILE, as(BOB)).refusal(), 401);
    assertThat(lab.fetch(2, FILE, as(ALICE)).bytes()).isEqualTo(content);
  }

  private byte[] publish(int length) {
    byte[] content = Arrays.copyOf(bytes, length);
    file.put(content);
    return content;
  }

  @Test
  void goesOnWithAnothersCredentialsWhenThoseOfTheFirstEndInTheMiddle() throws Exception {
    allowed.addAll(Set.of(ALICE, BOB));
    file.breakAt(LENGTH / 2);
    CountDownLatch bobIsThere = new CountDownLatch(1);
    CountDownLatch half = new CountDownLatch(1);
    file.atHalf(
        () -> {
          half.countDown();
          await(bobIsThere);
        });
    Going alice = lab.start(0, FILE, as(ALICE));
    assertThat(half.await(20, TimeUnit.SECONDS)).isTrue();
    Going bob = lab.start(1, FILE, as(BOB));
    awaitProbeOf(BOB);
    // His registration's answer is under way: he takes part before the source's answer breaks off.
    Awaitility.await().until(() -> bob.fetch().progress().bytes() > 0);
    allowed.remove(ALICE);
    bobIsThere.countDown();

    assertThat(bob.outcome().bytes()).isEqualTo(bytes);
    assertThat(alice.outcome().bytes()).isEqualTo(bytes);
    assertThat(lab.source().asked())
        .anyMatch(ask -> ask.start() > 0 && ask.header("authorization").equals(BOB));
    assertThat(file.sent()).isLessThan(LENGTH + (128 << 10) + 10);
  }

  /** Without validator, with a strong one that says nothing, and where Vary names the header. */
  @ParameterizedTest
  @ValueSource(strings = {"", "ETag: \"1\"", "Last-Modified: Mon, 05 Jan 2026 12:00:00 GMT"})
  void theSameUrlOfTwoUsersIsTwoFiles(String validator) throws Exception {
    Map<String, byte[]> exports = Map.of(ALICE, random(3), BOB, random(4));
    lab.source()
        .answers(
            (ask, out) -> {
              byte[] body = exports.get(ask.header("authorization"));
              int end = ask.isProbe() ? 1 : LENGTH;
              RawSource.head(
                  out,
                  ask.isProbe() ? "206 Partial Content" : "200 OK",
                  "Date: Mon, 05 Jan 2026 12:00:30 GMT",
                  validator.isEmpty() ? "X-None: 1" : validator,
                  validator.isEmpty() ? "X-None: 2" : "Vary: Accept, Authorization",
                  "Content-Length: " + end,
                  ask.isProbe() ? "Content-Range: bytes 0-0/" + LENGTH : "X-None: 3");
              out.write(body, 0, end);
            });
    Going alice = lab.start(0, "/me/export", as(ALICE));
    Going bob = lab.start(1, "/me/export", as(BOB));
    assertThat(alice.outcome().bytes()).isEqualTo(exports.get(ALICE));
    assertThat(bob.outcome().bytes()).isEqualTo(exports.get(BOB));
    // Both from one home as well, which holds the other's file.
    assertThat(lab.fetch(0, "/me/export", as(BOB)).bytes()).isEqualTo(exports.get(BOB));
    assertThat(lab.fetch(1, "/me/export", as(ALICE)).bytes()).isEqualTo(exports.get(ALICE));
    assertThat(lab.fetch(2, "/me/export", as(ALICE)).bytes()).isEqualTo(exports.get(ALICE));
  }

  @Test
  void aSignatureThatIsFilteredChoosesNoFileButDecidesOnAccess() throws Exception {
    lab.source()
        .answers(
            (ask, out) -> {
              if (ask.target().endsWith("good") || ask.target().endsWith("fine")) {
                file.answer(ask, out);
              } else {
                RawSource.head(
                    out,
                    "403 Forbidden",
                    "WWW-Authenticate: Basic realm=\"staff\"",
                    "Content-Length: 0");
              }
            });
    UnaryOperator<FetchRequest.Builder> filtered = request -> request.filter(List.of("sig"));
    assertThat(lab.fetch(0, FILE + "?v=1&sig=good", filtered).bytes()).isEqualTo(bytes);
    assertThat(lab.fetch(1, FILE + "?v=1&sig=fine", filtered).bytes()).isEqualTo(bytes);
    assertRefused(lab.fetch(1, FILE + "?v=1&sig=bad", filtered).refusal(), 403);
    assertRefused(lab.fetch(0, FILE + "?v=1", filtered).refusal(), 403);
    assertThat(file.sent()).isBetween((long) LENGTH, LENGTH + 10L);
  }

  @Test
  void noHomeHoldsWhatSomebodyShowedToTheSource() throws Exception {
    allowed.add(ALICE);
    UnaryOperator<FetchRequest.Builder> secrets =
        request ->
            request
                .header("Authorization", ALICE)
                .header("Cookie", "session=crumb-of-alice")
                .filter(List.of("sig"));
    assertThat(lab.fetch(0, FILE + "?sig=hush-hush", secrets).bytes()).isEqualTo(bytes);
    assertThat(lab.fetch(1, FILE + "?sig=hush-hush", secrets).bytes()).isEqualTo(bytes);
    assertThat(lab.source().asked())
        .allMatch(ask -> ask.header("cookie").equals("session=crumb-of-alice"));
    lab.close();
    try (Stream<Path> files = Files.walk(dir)) {
      for (Path path : files.filter(Files::isRegularFile).toList()) {
        assertThat(
                path.toString() + new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1))
            .doesNotContain("YWxpY2U6", "wonderland", "crumb-of-alice", "hush-hush");
      }
    }
  }

  private void awaitProbeOf(String user) {
    Awaitility.await()
        .until(
            () ->
                lab.source().asked().stream()
                    .anyMatch(a -> a.isProbe() && a.header("authorization").equals(user)));
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
