package io.dragonfly.transport.http.internal.reach;

import io.dragonfly.spi.HostRules;
import io.dragonfly.spi.Requester;
import java.net.InetAddress;
import java.util.stream.Stream;

/**
 * What is not read on behalf of others: what the operator denies, and what {@link AddressGuard}
 * refuses unless the operator allows it. Immutable.
 *
 * @param rules what the operator says
 */
public record HostGuard(HostRules rules) {
  private static final String DENIED = "denied by the supernode's source-deny";

  /**
   * Checks a host before it is looked up.
   *
   * @param proxied whether its name is all that will be known, since a proxy looks it up
   * @throws AddressGuard.RefusedException if it must not be read
   */
  public void checkName(String host, boolean proxied, Requester requester)
      throws AddressGuard.RefusedException {
    HostRules.Verdict verdict = ofHost(host);
    if (verdict == HostRules.Verdict.DENIED) {
      throw new AddressGuard.RefusedException(host, DENIED);
    }
    if (proxied && verdict == HostRules.Verdict.UNSAID) {
      AddressGuard.checkName(host, requester);
    }
  }

  /** An address has no name: patterns deny it, too, unless its network is allowed. */
  private HostRules.Verdict ofHost(String host) {
    HostRules.Verdict byName = rules.ofName(host);
    if (byName == HostRules.Verdict.ALLOWED) {
      return byName;
    }
    HostRules.Verdict byAddress =
        AddressGuard.literal(host).map(rules::ofAddress).orElse(HostRules.Verdict.UNSAID);
    return byAddress == HostRules.Verdict.UNSAID ? byName : byAddress;
  }

  /**
   * Checks an address that is about to be connected to.
   *
   * @throws AddressGuard.RefusedException if it must not be
   */
  public void check(InetAddress address, Requester requester) throws AddressGuard.RefusedException {
    HostRules.Verdict verdict = rules.ofAddress(address);
    if (verdict == HostRules.Verdict.ALLOWED) {
      return;
    }
    boolean denied =
        Stream.concat(Stream.of(address), AddressGuard.leadsTo(address))
            .anyMatch(each -> rules.ofAddress(each) == HostRules.Verdict.DENIED);
    if (denied) {
      throw new AddressGuard.RefusedException(address.getHostAddress(), DENIED);
    }
    AddressGuard.check(address, requester);
  }
}
