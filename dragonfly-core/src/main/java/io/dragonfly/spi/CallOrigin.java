package io.dragonfly.spi;

import java.net.InetAddress;

/**
 * Where a control call comes from, as the transport itself knows it.
 *
 * @param address the address that it comes from
 * @param certified whether the client has proved a certificate that this server trusts
 * @param certificate the fingerprint of the certificate that the server has shown the client; empty
 *     without TLS
 */
public record CallOrigin(InetAddress address, boolean certified, String certificate) {
  /** A call without TLS. */
  public static CallOrigin plain(InetAddress address) {
    return new CallOrigin(address, false, "");
  }
}
