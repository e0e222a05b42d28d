package io.dragonfly.internal.supernode;

import io.dragonfly.control.Caller;
import io.dragonfly.control.JoinProof;
import io.dragonfly.control.JoinRequest;
import io.dragonfly.control.JoinResponse;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.internal.access.ChildAddresses;
import io.dragonfly.internal.access.JoinNonces;
import io.dragonfly.internal.access.JoinToken;
import io.dragonfly.spi.CallOrigin;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Which peers of other processes a supernode takes calls from. Safe for concurrent use. */
final class Admission {
  private final JoinRules rules;
  private final AddressRules addresses;
  private final JoinNonces nonces;
  private final InstantSource clock;
  private final Runnable started;
  private final Predicate<Caller> isKnown;

  /**
   * An admission by these rules.
   *
   * @param key the supernode's own, which its nonces are made with
   * @param started throws as long as the supernode takes no calls yet
   * @param isKnown tells whether a peer has the address that it says already
   */
  Admission(
      JoinRules rules,
      byte[] key,
      SecureRandom random,
      InstantSource clock,
      Runnable started,
      Predicate<Caller> isKnown) {
    this.rules = rules;
    this.addresses = new AddressRules(rules.networks());
    this.nonces = new JoinNonces(key, random);
    this.clock = clock;
    this.started = started;
    this.isKnown = isKnown;
  }

  /** The checks that the calls from one place go through. */
  interface Gate {
    /** Lets all callers in: they are part of this process. */
    Gate OPEN =
        new Gate() {
          @Override
          public void checkAddress(Caller caller) {
            // nobody else has its address
          }
        };

    /**
     * Proves the join token to a peer.
     *
     * @throws CallRefusedException if there is none
     */
    default JoinResponse join(JoinRequest request) {
      throw new CallRefusedException("A supernode in the same process needs no join token.");
    }

    /**
     * Checks the address that a caller registers, and where it comes from.
     *
     * @throws CallRefusedException if it must not register that address
     */
    void checkAddress(Caller caller);

    /**
     * Checks that a caller has the join token, where there is one.
     *
     * @throws CallRefusedException if it does not prove that now; it may join again
     */
    default void checkJoined(Caller caller) {
      // nothing is asked of it
    }

    /** Tells whether callers that have passed belong to the fleet for certain. */
    default boolean isProven() {
      return true;
    }
  }

  /** Tells whether peers prove that they belong to the fleet. */
  boolean knowsPeers() {
    return rules.knowPeers();
  }

  /**
   * Returns the checks for calls from there.
   *
   * @param security is told of whom they refuse
   */
  Gate gate(CallOrigin from, Consumer<SecurityEvent> security) {
    return new Gate() {
      @Override
      public JoinResponse join(JoinRequest request) {
        return Admission.this.join(request, from);
      }

      @Override
      public void checkAddress(Caller caller) {
        started.run();
        if (isKnownByOtherFamily(from, caller)) {
          return;
        }
        try {
          addresses.check(from.address(), caller, isProven());
        } catch (CallRefusedException e) {
          refused(SecurityEvent.Kind.PEER_ADDRESS_REFUSED, caller, e);
          throw e;
        }
      }

      @Override
      public void checkJoined(Caller caller) {
        try {
          checkProof(caller, from);
        } catch (CallRefusedException e) {
          refused(SecurityEvent.Kind.JOIN_REFUSED, caller, e);
          throw e;
        }
        checkNonce(caller);
      }

      private void refused(SecurityEvent.Kind kind, Caller caller, CallRefusedException why) {
        security.accept(
            SecurityEvent.refused(
                kind,
                caller.id().hex(),
                SecurityEvent.text(from.address()),
                "peer at " + text(caller.address()),
                String.valueOf(why.getMessage())));
      }

      @Override
      public boolean isProven() {
        return rules.token().isPresent() || from.certified();
      }
    };
  }

  /**
   * A host with IPv4 and IPv6 may call from either. Its peer has proved the address that it says
   * with an earlier call, and its secret with each.
   */
  private boolean isKnownByOtherFamily(CallOrigin from, Caller caller) {
    InetAddress claimed = caller.address().getAddress();
    return claimed != null
        && !ChildAddresses.isSameFamily(claimed, from.address())
        && isKnown.test(caller);
  }

  private JoinResponse join(JoinRequest request, CallOrigin from) {
    JoinToken token =
        rules
            .token()
            .orElseThrow(
                () ->
                    new CallRefusedException(
                        "It has no join token. Start it with --join-token-file (joinTokenFile), or"
                            + " this peer without."));
    return token.answer(request, nonces.issue(clock.instant()), from.certificate());
  }

  private void checkProof(Caller caller, CallOrigin from) {
    Optional<JoinToken> token = rules.token();
    if (token.isEmpty()) {
      return;
    }
    JoinProof proof =
        caller
            .proof()
            .orElseThrow(
                () ->
                    CallRefusedException.unproven(
                        "This supernode takes calls of peers alone that have its join token: give"
                            + " this peer the token's file with --join-token-file"
                            + " (joinTokenFile)."));
    if (!token.get().isProvenBy(caller.id(), proof, from.certificate())) {
      throw CallRefusedException.unproven(
          "This peer has another join token than its supernode: compare the files that"
              + " --join-token-file (joinTokenFile) names on both sides.");
    }
  }

  private static String text(InetSocketAddress address) {
    return address.getHostString() + ":" + address.getPort();
  }

  /** Each proof ends within an hour, and is followed by another one: that is no attack. */
  private void checkNonce(Caller caller) {
    if (rules.token().isPresent()
        && caller
            .proof()
            .filter(proof -> nonces.isValid(proof.supernodeNonce(), clock.instant()))
            .isEmpty()) {
      throw CallRefusedException.unproven("The proof of the join token has expired: join again.");
    }
  }
}
