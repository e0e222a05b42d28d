package io.dragonfly.transport.http.internal.loop;

import com.google.common.net.InetAddresses;
import io.dragonfly.spi.Network;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The header of the PROXY protocol (versions 1 and 2), with which a proxy says for whom it has
 * connected. A trusted proxy must send it first of all on each connection: without it, every client
 * would look like the proxy, and could say itself who it is. From anybody else it is an error. An
 * error closes the connection. Steps aside once it is clear what came; confined to its event loop.
 */
public final class ProxyHeader extends ByteToMessageDecoder {
  private static final Logger LOG = LoggerFactory.getLogger(ProxyHeader.class);

  private static final byte[] TEXT = "PROXY ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] BINARY = {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10};

  /** The protocol's own bound of a line, with its end. */
  private static final int LONGEST_LINE = 107;

  private static final Pattern LINE =
      Pattern.compile("PROXY TCP([46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) (\\d{1,5}) (\\d{1,5})");

  /** Behind the signature there are version and command, family, and the length of the rest. */
  private static final int BINARY_HEAD = 16;

  /** No proxy says more of a connection. */
  private static final int LONGEST_BINARY = 4096;

  private static final int TCP4 = 0x11;
  private static final int TCP4_BYTES = 12;
  private static final int TCP6 = 0x21;
  private static final int TCP6_BYTES = 36;

  private final boolean isTrusted;
  private final InetAddress from;
  private final Consumer<InetAddress> named;

  /**
   * A header that may come.
   *
   * @param trusted where proxies are that are believed
   * @param from where the connection comes from
   * @param named is told of the client that the proxy names; not if the proxy speaks for itself
   */
  public ProxyHeader(List<Network> trusted, InetAddress from, Consumer<InetAddress> named) {
    this.isTrusted = trusted.stream().anyMatch(network -> network.contains(from));
    this.from = from;
    this.named = named;
  }

  private static final class HeaderException extends Exception {
    private static final long serialVersionUID = 1L;

    HeaderException(String message) {
      super(message);
    }
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (!in.isReadable()) {
      return;
    }
    try {
      if (readHeader(in)) {
        ctx.pipeline().remove(this);
      }
    } catch (HeaderException e) {
      // Anybody can send wrong headers; only of a trusted proxy do they mean a wrong setting.
      LOG.atLevel(isTrusted ? Level.WARN : Level.DEBUG)
          .log("A connection of {} is closed: {}", from.getHostAddress(), e.getMessage());
      in.skipBytes(in.readableBytes());
      var unused = ctx.close();
    }
  }

  /** Returns whether it is clear what came; not if more bytes must come before. */
  private boolean readHeader(ByteBuf in) throws HeaderException {
    boolean isText = begins(in, TEXT);
    boolean isBinary = begins(in, BINARY);
    if (!isText && !isBinary) {
      if (isTrusted) {
        throw new HeaderException("it is a trusted proxy and sends no PROXY header");
      }
      return true;
    }
    if (in.readableBytes() < (isText ? TEXT : BINARY).length) {
      return false;
    }
    if (!isTrusted) {
      throw new HeaderException("it sends a PROXY header and is none of --trusted-proxies");
    }
    return isText ? readText(in) : readBinary(in);
  }

  /** Tells whether what is there so far may be the beginning of a signature. */
  private static boolean begins(ByteBuf in, byte[] signature) {
    int length = Math.min(in.readableBytes(), signature.length);
    for (int i = 0; i < length; i++) {
      if (in.getByte(in.readerIndex() + i) != signature[i]) {
        return false;
      }
    }
    return true;
  }

  private boolean readText(ByteBuf in) throws HeaderException {
    int length = in.bytesBefore(Math.min(in.readableBytes(), LONGEST_LINE), (byte) '\n');
    if (length < 0) {
      if (in.readableBytes() >= LONGEST_LINE) {
        throw new HeaderException("its PROXY header has no end");
      }
      return false;
    }
    String line = in.toString(in.readerIndex(), length, StandardCharsets.US_ASCII);
    Matcher words = LINE.matcher(line.endsWith("\r") ? line.substring(0, length - 1) : "");
    if (!words.matches()
        || !InetAddresses.isInetAddress(words.group(2))
        || !InetAddresses.isInetAddress(words.group(3))
        || words.group(1).equals("4") == words.group(2).contains(":")
        || Integer.parseInt(words.group(4)) > 0xffff
        || Integer.parseInt(words.group(5)) > 0xffff) {
      throw new HeaderException("its PROXY header names no client of TCP4 or TCP6");
    }
    in.skipBytes(length + 1);
    name(InetAddresses.forString(words.group(2)));
    return true;
  }

  private boolean readBinary(ByteBuf in) throws HeaderException {
    if (in.readableBytes() < BINARY_HEAD) {
      return false;
    }
    int start = in.readerIndex();
    int command = in.getUnsignedByte(start + BINARY.length);
    int family = in.getUnsignedByte(start + BINARY.length + 1);
    int length = in.getUnsignedShort(start + BINARY.length + 2);
    boolean speaksForItself = command == 0x20;
    if ((!speaksForItself && command != 0x21) || length > LONGEST_BINARY) {
      throw new HeaderException("its PROXY header is of an unknown version, or too long");
    }
    boolean fits =
        (family == TCP4 && length >= TCP4_BYTES) || (family == TCP6 && length >= TCP6_BYTES);
    if (!speaksForItself && !fits) {
      throw new HeaderException("its PROXY header names no client of TCP4 or TCP6");
    }
    if (in.readableBytes() < BINARY_HEAD + length) {
      return false;
    }
    if (!speaksForItself) {
      byte[] client = new byte[family == TCP4 ? 4 : 16];
      in.getBytes(start + BINARY_HEAD, client);
      name(address(client));
    }
    in.skipBytes(BINARY_HEAD + length);
    return true;
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 or 16 bytes are an address", e);
    }
  }

  private void name(InetAddress client) throws HeaderException {
    // The loopback addresses of another machine are not those of this one.
    boolean isElsewhere = client.isLoopbackAddress() && !from.isLoopbackAddress();
    boolean isUsable =
        !client.isAnyLocalAddress()
            && !client.isMulticastAddress()
            && !(client instanceof Inet4Address && client.getAddress()[0] == 0);
    if (isElsewhere || !isUsable) {
      throw new HeaderException(
          "its PROXY header names %s as the client".formatted(client.getHostAddress()));
    }
    named.accept(client);
  }
}
