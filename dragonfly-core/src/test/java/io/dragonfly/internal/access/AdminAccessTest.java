package io.dragonfly.internal.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.StorageException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdminAccessTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  @TempDir Path dir;

  private static InetAddress elsewhere() throws Exception {
    return InetAddress.getByName("192.0.2.1");
  }

  @Test
  void theTokenOfTheHomeIsForThisMachineAlone() throws Exception {
    Path file = dir.resolve("admin-token");
    AdminAccess access = AdminAccess.ofHome(file, new SecureRandom());
    String token = Files.readString(file).trim();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(access.isAllowed(HERE, token)).isTrue();
    assertThat(access.isAllowed(elsewhere(), token)).isFalse();
    assertThat(access.isAllowed(HERE, "")).isFalse();
    assertThat(access.isAllowed(HERE, token + "0")).isFalse();
    assertThat(AdminAccess.ofHome(file, new SecureRandom()).isAllowed(HERE, token)).isTrue();
  }

  @Test
  void aTokenThatSomebodyChoseIsGoodFromAnywhere() throws Exception {
    Path file =
        Files.writeString(dir.resolve("token"), "a token of my own choice\n".replace(' ', '-'));
    AdminAccess access = AdminAccess.ofFile(file);
    assertThat(access.isAllowed(elsewhere(), "a-token-of-my-own-choice")).isTrue();
    assertThat(access.isAllowed(elsewhere(), "another")).isFalse();
  }

  @Test
  void noTokenIsNoSecret() throws Exception {
    for (String text : new String[] {"", "\n", "short", "with blanks in between it"}) {
      Path file = Files.writeString(dir.resolve("token"), text);
      assertThatThrownBy(() -> AdminAccess.ofFile(file))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("16 characters");
    }
    assertThatThrownBy(() -> AdminAccess.ofFile(dir.resolve("none")))
        .isInstanceOf(StorageException.class);
  }
}
