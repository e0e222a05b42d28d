package io.dragonfly.spi;

import io.dragonfly.control.AdminApi;
import java.net.InetAddress;
import java.util.Optional;

/** Lets operators in. Safe for concurrent use; no method blocks. */
public interface AdminService {
  /** Tells whether the process can do its work: callers can be sent here. */
  boolean isReady();

  /**
   * Returns what a caller may use, if it may use anything.
   *
   * @param from the address that the call comes from
   * @param token what the caller shows; a secret
   */
  Optional<AdminApi> admit(InetAddress from, String token);

  /** Returns what somebody may use whom the transport knows to be an operator. */
  AdminApi forOperator();
}
