package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Real peers at ::1 and at 127.0.0.1, which are one machine. */
@ExtendWith(LeakCheck.class)
class DualStackSwarmTest {
  private static final InetAddress IP4 = InetAddresses.forString("127.0.0.1");
  private static final InetAddress IP6 = InetAddresses.forString("::1");
  private static final int LENGTH = 3 << 20;

  @TempDir Path dir;

  @BeforeEach
  void bothAreThere() throws Exception {
    Assumptions.assumeTrue(
        NetworkInterface.getByInetAddress(IP4) != null
            && NetworkInterface.getByInetAddress(IP6) != null,
        "this machine does not have both IPv4 and IPv6");
  }

  private Supernode supernode(String name, InetAddress ip) {
    return new Supernode(
        SupernodeConfig.builder().homeDir(dir.resolve(name)).advertiseIp(ip).port(0).build());
  }

  private DistributionClient client(String name, InetAddress ip, Supernode... supernodes) {
    List<InetSocketAddress> addresses =
        List.of(supernodes).stream().map(each -> each.address().orElseThrow()).toList();
    return new DistributionClient(
        ClientConfig.builder().home(dir.resolve(name)).ip(ip).supernodes(addresses).build());
  }

  private FetchResult fetch(DistributionClient client, SwarmSource source, TestFile file, String to)
      throws Exception {
    FetchRequest request = FetchRequest.builder(source.url(file)).output(dir.resolve(to)).build();
    FetchResult result = client.start(request).completion().get(4, TimeUnit.MINUTES);
    assertThat(file.hasSameBytes(dir.resolve(to))).isTrue();
    assertThat(result.bytesFromSource()).isZero();
    return result;
  }

  @Test
  void peersAtIpv6AloneFetchFromASupernodeAndFromEachOther() throws Exception {
    try (SwarmSource source = new SwarmSource();
        Supernode supernode = supernode("supernode", IP6);
        DistributionClient one = client("one", IP6, supernode);
        DistributionClient two = client("two", IP6, supernode)) {
      TestFile file = source.publish(TestFile.random("file", LENGTH));
      assertThat(fetch(one, source, file, "first").bytesFromSupernode()).isPositive();
      fetch(two, source, file, "second");
      assertThat(one.address().orElseThrow().getAddress()).isEqualTo(IP6);
    }
  }

  @Test
  void aPeerAtTheOtherFamilyThanItsSupernodeTakesPart() throws Exception {
    try (SwarmSource source = new SwarmSource();
        Supernode supernode = supernode("supernode", IP4);
        DistributionClient over6 = client("one", IP6, supernode);
        DistributionClient over4 = client("two", IP4, supernode)) {
      TestFile file = source.publish(TestFile.random("file", LENGTH));
      fetch(over6, source, file, "first");
      fetch(over4, source, file, "second");
    }
  }

  @Test
  void aPeerHasSupernodesOfBothFamilies() throws Exception {
    try (SwarmSource source = new SwarmSource();
        Supernode over4 = supernode("over4", IP4);
        Supernode over6 = supernode("over6", IP6);
        DistributionClient both = client("one", IP4, over4, over6);
        DistributionClient other = client("two", IP6, over6)) {
      TestFile file = source.publish(TestFile.random("file", LENGTH));
      assertThat(both.silentSupernodes().get(1, TimeUnit.MINUTES)).isEmpty();
      fetch(both, source, file, "first");
      fetch(other, source, file, "second");
    }
  }
}
