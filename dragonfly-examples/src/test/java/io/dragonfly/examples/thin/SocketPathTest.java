package io.dragonfly.examples.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.internal.home.HomeCheck;
import java.io.File;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SocketPathTest {
  @TempDir Path dir;

  @BeforeEach
  void realPath() throws IOException {
    dir = dir.toRealPath();
  }

  @Test
  void isInTheDataDirectory() throws IOException {
    assertThat(SocketPath.of(dir.toFile())).isEqualTo(dir.resolve("run/peer.sock"));
  }

  @ParameterizedTest
  @ValueSource(ints = {60, 100, 200})
  void canBeListenedOnHoweverLongTheDataDirectoryIs(int length) throws IOException {
    Path home = Files.createDirectories(dir.resolve("h".repeat(length)));
    Path socket = SocketPath.of(home.toFile(), dir.toFile());

    SocketPath.prepare(socket);
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(UnixDomainSocketAddress.of(socket));
      assertThat(SocketPath.isTrusted(socket)).isTrue();
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.getParent())))
        .isEqualTo("rwx------");
    assertThat(socket).exists(); // as after a kill
    SocketPath.prepare(socket);
    assertThat(socket).doesNotExist();
  }

  @Test
  void aLongOneHasTheNameOfItsDataDirectoryHoweverThatIsNamed() throws IOException {
    Path home = Files.createDirectories(dir.resolve("h".repeat(120)));
    Path other = Files.createDirectories(dir.resolve("o".repeat(120)));
    Path link = Files.createSymbolicLink(dir.resolve("link"), home);
    Path socket = SocketPath.of(home.toFile());

    assertThat(socket.getParent()).isEqualTo(Path.of("/tmp/dragonfly-" + HomeCheck.me()));
    assertThat(SocketPath.of(link.toFile())).isEqualTo(socket);
    assertThat(SocketPath.of(new File(home.toFile(), "../" + home.getFileName())))
        .isEqualTo(socket);
    assertThat(SocketPath.of(other.toFile())).isNotEqualTo(socket);
  }

  @Test
  void aDirectoryOfAnotherUserIsRefused() throws IOException {
    Path socket = SocketPath.of(dir.toFile());
    SocketPath.prepare(socket);
    Files.createFile(socket);
    FileOwnerTest.giveAway(socket.getParent());

    assertThat(SocketPath.isTrusted(socket)).isFalse();
    assertThatThrownBy(() -> SocketPath.prepare(socket))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("belongs to another user");
    assertThatThrownBy(() -> Connection.open(dir.toFile()))
        .isInstanceOf(FailedException.class)
        .hasMessageContaining("belongs to another user");
  }

  /** The home may be one by mistake, such as the root directory with its own run. */
  @Test
  void aDirectoryThatHoldsSomethingElseKeepsItsMode() throws IOException {
    Path socket = SocketPath.of(dir.toFile());
    Path run = Files.createDirectory(socket.getParent());
    Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createFile(run.resolve("something"));

    assertThatThrownBy(() -> SocketPath.prepare(socket))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("chmod 700 " + run);
    assertThat(mode(run)).isEqualTo("rwxr-xr-x");
  }

  /** Kubernetes lets the group into each directory of a volume when a pod starts. */
  @Test
  void aDirectoryThatOthersMayEnterIsReplacedByANewOne() throws IOException {
    Path socket = SocketPath.of(dir.toFile());
    SocketPath.prepare(socket);
    Files.createFile(socket);
    Files.setPosixFilePermissions(socket.getParent(), PosixFilePermissions.fromString("rwxrwx---"));

    SocketPath.prepare(socket);

    assertThat(mode(socket.getParent())).isEqualTo("rwx------");
    assertThat(socket.getParent()).isEmptyDirectory();
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void aDirectoryThatIsALinkIsRefused() throws IOException {
    Files.createSymbolicLink(dir.resolve("run"), Files.createDirectory(dir.resolve("target")));

    assertThatThrownBy(() -> SocketPath.prepare(SocketPath.of(dir.toFile())))
        .isInstanceOf(IOException.class);
  }
}
