package io.dragonfly.transport.http.internal.wire;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** Addresses of peers as literals. No name that a peer sends is ever resolved. */
final class Addresses {
  private static final int MAX_PORT = 65_535;

  private Addresses() {}

  /** Returns the literal of an address, without the scope, which means nothing elsewhere. */
  static String literal(InetAddress address) {
    return NetUtil.bytesToIpAddress(address.getAddress());
  }

  static InetSocketAddress parse(JsonIn ip, JsonIn port) throws WireException {
    InetAddress address = parse(ip);
    int number = port.integer();
    if (number > MAX_PORT) {
      throw port.wrong("a port");
    }
    return new InetSocketAddress(address, number);
  }

  static InetAddress parse(JsonIn ip) throws WireException {
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(ip.text());
    if (bytes == null) {
      throw ip.wrong("an IP address");
    }
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw ip.wrong("an IP address", e);
    }
  }
}
