package io.dragonfly.transport.http.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.testkit.Fuzz;
import io.dragonfly.transport.http.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of keys, certificates and known supernodes in every shape. */
@Tag("fuzz")
class TlsParsersFuzzTest {
  private static final String SIGNS = "-ABCabc019+/=\n ";

  @TempDir private Path dir;

  private interface Reader {
    Object read(Path file) throws IOException;
  }

  private void readOrRefused(byte[] honest, Reader reader) {
    Path file = dir.resolve("file");
    Fuzz.Counts counts =
        Fuzz.of(SIGNS, List.of(honest))
            .run(
                input -> {
                  Files.write(file, input);
                  assertThat(reader.read(file)).isNotNull();
                  return true;
                },
                IOException.class);
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }

  @Test
  void aCertificateIsReadOrRefused() throws Exception {
    readOrRefused(
        Files.readAllBytes(new TestCa().write(dir, "127.0.0.1").cert()), Pem::certificates);
  }

  @Test
  void aKeyIsReadOrRefused() throws Exception {
    readOrRefused(Files.readAllBytes(new TestCa().write(dir, "127.0.0.1").key()), Pem::key);
  }

  @Test
  void aSupernodeIsKnownOrNot() {
    String ours = "sha256:" + "a".repeat(64);
    Path file = dir.resolve("known");
    KnownSupernodes known = new KnownSupernodes(Optional.of(file));
    Fuzz.Counts counts =
        Fuzz.of("\n :0123456789abcdef", "host:8002 " + ours + "\nother:8002 " + ours + "\n")
            .run(
                input -> {
                  Files.write(file, input);
                  known.check("host:8002", ours);
                  return true;
                },
                UntrustedException.class);
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }
}
