package io.dragonfly.examples.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

    assertThat(socket.getParent()).isEqualTo(Path.of("/tmp/dragonfly-" + FileOwner.me()));
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

  @Test
  void aDirectoryThatIsALinkIsRefused() throws IOException {
    Files.createSymbolicLink(dir.resolve("run"), Files.createDirectory(dir.resolve("target")));

    assertThatThrownBy(() -> SocketPath.prepare(SocketPath.of(dir.toFile())))
        .isInstanceOf(IOException.class);
  }
}
