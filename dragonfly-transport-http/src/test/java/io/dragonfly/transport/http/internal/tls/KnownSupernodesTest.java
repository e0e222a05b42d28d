package io.dragonfly.transport.http.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Which supernodes are known by which certificates. */
class KnownSupernodesTest {
  private static final String OURS = "sha256:" + "a".repeat(64);
  private static final String OTHER = "sha256:" + "b".repeat(64);

  @TempDir private Path dir;
  private Path file;
  private KnownSupernodes known;

  @BeforeEach
  void open() {
    file = dir.resolve("known_supernodes");
    known = new KnownSupernodes(Optional.of(file));
  }

  @Test
  void theFirstOneIsRememberedAlsoByTheNextProcess() throws Exception {
    known.check("host:8002", OURS);
    assertThat(file).doesNotExist(); // until it has proved that it is its own
    known.remember("host:8002", OURS);
    known.remember("host:8002", OURS);
    known.remember("other:8002", OTHER);
    assertThat(file).hasContent("host:8002 " + OURS + "\nother:8002 " + OTHER + "\n");

    KnownSupernodes next = new KnownSupernodes(Optional.of(file));
    next.check("host:8002", OURS);
    assertThatThrownBy(() -> next.remember("host:8002", OTHER)) // two met it at once
        .isInstanceOf(UntrustedException.class);
    assertThatThrownBy(() -> next.check("host:8002", OTHER))
        .isInstanceOf(UntrustedException.class)
        .hasMessageContaining("another certificate than before, " + OTHER)
        .hasMessageContaining("remove line 1 of " + file)
        .hasMessageContaining("--supernode-fingerprint");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void nobodyElseMayReadTheFile() throws Exception {
    known.remember("host:8002", OURS);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void aLineThatIsRemovedIsForgottenAtOnce() throws Exception {
    known.remember("host:8002", OURS);
    Files.writeString(file, "# none\n");
    known.remember("host:8002", OTHER);
    assertThat(file).hasContent("# none\nhost:8002 " + OTHER + "\n");
  }

  @Test
  void aSecondLineIsASecondCertificate() throws Exception {
    Files.writeString(file, "host:8002 " + OURS + "\nhost:8002 " + OTHER + "\n");
    known.check("host:8002", OURS);
    known.check("host:8002", OTHER);
  }

  @Test
  void withoutAFileTheProcessRemembers() throws Exception {
    KnownSupernodes brief = new KnownSupernodes(Optional.empty());
    brief.remember("host:8002", OURS);
    assertThatThrownBy(() -> brief.check("host:8002", OTHER))
        .isInstanceOf(UntrustedException.class);
  }

  @Test
  void aFileThatCannotBeReadTrustsNobody() throws IOException {
    Files.createDirectory(file);
    assertThatThrownBy(() -> known.check("host:8002", OURS))
        .isInstanceOf(UntrustedException.class)
        .hasMessageContaining("Mend or remove it");
  }

  @Test
  void whateverStandsInTheFileNothingElseIsThrown() throws Exception {
    Random random = new Random(8);
    for (int i = 0; i < 300; i++) {
      byte[] bytes = new byte[random.nextInt(300)];
      random.nextBytes(bytes);
      Files.write(file, bytes);
      known.remember("host:8002", OURS);
      known.check("host:8002", OURS);
      assertThatThrownBy(() -> known.check("host:8002", OTHER))
          .isInstanceOf(UntrustedException.class);
    }
  }
}
