package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.LeakCheck;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Which of several supernodes a content is asked of. */
@ExtendWith(LeakCheck.class)
class RendezvousTest {
  private static final int CONTENTS = 24;

  @TempDir Path dir;
  private ClientFixture fixture;
  private FakeSupernode one;
  private FakeSupernode two;
  private DistributionClient client;

  @BeforeEach
  void start() {
    fixture = new ClientFixture(dir);
    one = fixture.supernode();
    two = fixture.supernode();
    for (int i = 0; i < CONTENTS; i++) {
      one.put(uri(i), new byte[PIECE]);
      two.put(uri(i), new byte[PIECE]);
    }
  }

  @AfterEach
  void stop() throws Exception {
    fixture.close();
  }

  private static URI uri(int number) {
    return URI.create("https://source.test/" + number);
  }

  private void fetch(int number) {
    Fetch fetch = client.prefetch(FetchRequest.builder(uri(number)).build());
    fixture.advanceSlowlyUntil(() -> fetch.completion().isDone());
    assertThat(fetch.completion()).isCompleted();
  }

  private static List<URI> askedOf(FakeSupernode supernode) {
    return supernode.registrations().stream().map(r -> r.content().url()).toList();
  }

  @Test
  void eachHasAboutHalfAndTheOrderInWhichTheyAreGivenDoesNotMatter() {
    client = fixture.startInFakeTime(fixture.of(one, two));
    for (int i = 0; i < CONTENTS; i++) {
      fetch(i);
    }
    List<URI> ofOne = askedOf(one);
    assertThat(ofOne).hasSizeBetween(4, CONTENTS - 4);
    assertThat(askedOf(two)).hasSize(CONTENTS - ofOne.size());

    client = fixture.startInFakeTime(fixture.of(two, one).home(dir.resolve("other")));
    for (int i = 0; i < CONTENTS; i++) {
      fetch(i);
    }

    List<URI> twice = new ArrayList<>(ofOne);
    twice.addAll(ofOne);
    assertThat(askedOf(one)).containsExactlyInAnyOrderElementsOf(twice);
  }

  @Test
  void aContentGoesToTheNextWhileItsOwnIsSilentAndComesBackLater() {
    client = fixture.startInFakeTime(fixture.of(one, two));
    int number = 0;
    while (one.registrations().isEmpty()) {
      fetch(number++);
    }
    URI own = askedOf(one).get(0);
    int again = number - 1;

    one.fallSilent();
    fetch(again);
    assertThat(askedOf(two)).contains(own);
    one.comeBack();

    int before = one.registrations().size();
    fixture.advanceUntil(
        () -> {
          fetch(again);
          return one.registrations().size() > before;
        });
  }
}
