package io.dragonfly.internal.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.net.InetAddresses;
import io.dragonfly.internal.queue.KeyedBudget.Grant;
import io.dragonfly.peer.PeerSecret;
import java.net.InetAddress;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyedBudgetTest {
  @Test
  void eachKeyHasItsPartAndAllHaveTheTotal() {
    KeyedBudget<String> budget = KeyedBudget.shared(100, 0.4);
    assertThat(budget.take("a", 40)).isEqualTo(Grant.TAKEN);
    assertThat(budget.take("a", 1)).isEqualTo(Grant.KEY_IS_FULL);
    assertThat(budget.take("b", 40)).isEqualTo(Grant.TAKEN);
    assertThat(budget.take("c", 21)).isEqualTo(Grant.ALL_IS_FULL);
    assertThat(budget.take("c", 20)).isEqualTo(Grant.TAKEN);

    budget.giveBack("a", 30);
    budget.giveBack("b", 20);
    assertThat(budget.take("a", 31)).isEqualTo(Grant.KEY_IS_FULL);
    assertThat(budget.take("a", 30)).isEqualTo(Grant.TAKEN);
    assertThat(budget.used()).isEqualTo(80);
    assertThat(budget.used("a")).isEqualTo(40);
  }

  @Test
  void aCallerMayAskForLessThanTheBound() {
    KeyedBudget<String> budget = KeyedBudget.shared(100, 0.4);
    assertThat(budget.take("a", 10, 10)).isEqualTo(Grant.TAKEN);
    assertThat(budget.take("a", 1, 10)).isEqualTo(Grant.KEY_IS_FULL);
    assertThat(budget.take("a", 1)).isEqualTo(Grant.TAKEN);
    assertThat(budget.take("a", 30, Long.MAX_VALUE)).isEqualTo(Grant.KEY_IS_FULL);
  }

  @Test
  void whatIsGivenBackTwiceCountsOnce() {
    KeyedBudget<String> budget = KeyedBudget.shared(10, 1);
    budget.take("a", 4);
    budget.take("b", 4);
    budget.giveBack("a", 4);
    budget.giveBack("a", 4);
    budget.giveBack("never", 4);
    assertThat(budget.used()).isEqualTo(4);
    assertThat(budget.used("a")).isZero();
  }

  @Test
  void aPartIsNeverNothing() {
    assertThat(KeyedBudget.part(10, 0.01)).isEqualTo(1);
    assertThat(KeyedBudget.part(10, 3)).isEqualTo(10);
    assertThatIllegalArgumentException().isThrownBy(() -> KeyedBudget.part(10, 0));
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.1",
    "2001:db8:0:1::5, 2001:db8:0:1::/64",
    "2001:db8:0:1:ffff::, 2001:db8:0:1::/64",
    "::ffff:192.0.2.7, 192.0.2.7"
  })
  void aPlaceIsAnAddressOrANetworkOfIpv6(String address, String name) {
    assertThat(HostKey.of(InetAddresses.forString(address)).name()).isEqualTo(name);
  }

  @Test
  void eachPeerOfThisMachineIsInAPlaceOfItsOwn() {
    SecureRandom random = new SecureRandom();
    InetAddress here = InetAddress.getLoopbackAddress();
    assertThat(HostKey.of(here, PeerSecret.random(random).id()))
        .isNotEqualTo(HostKey.of(here, PeerSecret.random(random).id()));
    InetAddress there = InetAddresses.forString("192.0.2.1");
    assertThat(HostKey.of(there, PeerSecret.random(random).id())).isEqualTo(HostKey.of(there));
  }
}
