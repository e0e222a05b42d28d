package io.dragonfly.examples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.UnixOperatingSystemMXBean;
import io.dragonfly.examples.CommandLab.SupernodeProcess;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A supernode with ten thousand connections that want nothing, or never end what they say. */
@Tag("slow")
class IdleConnectionsIT extends NginxTests {
  private static final int MANY = 10_000;

  /** Each third of them sends the beginning of a request. */
  private static final int HALF_SAID = 3;

  private static final long MOST_KIB = 160 << 10;

  @Test
  void tenThousandOfThemHarmNobody() throws Exception {
    long handles =
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
            ? unix.getMaxFileDescriptorCount()
            : 0;
    Assumptions.assumeTrue(
        handles >= MANY + 1_000,
        "ulimit -n is %d here, and must be %d".formatted(handles, MANY + 1_000));
    Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/fd")), "there is no /proc here");
    Path file = nginx.publish("file.bin", 32 << 20);
    SupernodeProcess supernode = lab.supernode("supernode", 0);
    long pid = supernode.running().process().pid();
    assertFetched(dfget(supernode, 1, "file.bin"), 1, file);
    long usual = handles(pid);
    long before = residentKib(pid);

    List<SocketChannel> idle = new ArrayList<>();
    try {
      for (int i = 0; i < MANY; i++) {
        idle.add(connect(supernode.port(), i));
      }
      await().atMost(Duration.ofSeconds(60)).until(() -> handles(pid) >= usual + MANY * 9 / 10);
      for (int i = 0; i < MANY; i += HALF_SAID) {
        idle.get(i).write(ByteBuffer.wrap("POST /api/v2/poll HTTP/1.1\r\nHo".getBytes(US_ASCII)));
      }
      assertThat(residentKib(pid) - before).isLessThan(MOST_KIB);
      assertThat(health(supernode)).isEqualTo(200);
      assertFetched(dfget(supernode, 2, "file.bin"), 2, file);

      // Nobody keeps a place by half a request.
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> handles(pid) <= usual + MANY - MANY / HALF_SAID + 100);
      assertThat(health(supernode)).isEqualTo(200);
      assertThat(residentKib(pid) - before).isLessThan(MOST_KIB);
    } finally {
      for (SocketChannel each : idle) {
        each.close();
      }
    }
  }

  /** Connects from one of a hundred addresses, each of which has ports enough. */
  private static SocketChannel connect(int port, int number) throws IOException {
    SocketChannel channel = SocketChannel.open();
    channel.bind(new InetSocketAddress(InetAddress.getByName("127.0.1." + (1 + number % 100)), 0));
    channel.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
    return channel;
  }

  private static int health(SupernodeProcess supernode) throws IOException {
    URI url = URI.create("http://" + supernode.address() + "/healthz");
    HttpURLConnection call = (HttpURLConnection) url.toURL().openConnection();
    call.setConnectTimeout(20_000);
    call.setReadTimeout(20_000);
    call.setRequestProperty("Connection", "close");
    return call.getResponseCode();
  }

  private static long handles(long pid) throws IOException {
    try (var open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return open.count();
    }
  }

  private static long residentKib(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("process " + pid + " has no memory");
  }
}
