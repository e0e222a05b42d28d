package io.dragonfly.transport.http.internal.loop;

import io.dragonfly.spi.Network;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolException;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The header of the PROXY protocol (versions 1 and 2), with which a proxy says for whom it has
 * connected. A trusted proxy must send it first of all on each connection: without it, every client
 * would look like the proxy, and could say itself who it is. From anybody else it is an error. An
 * error closes the connection. Steps aside once it is clear what came; Netty's decoder reads the
 * header then. Confined to its event loop.
 */
public final class ProxyHeader extends ByteToMessageDecoder {
  private static final Logger LOG = LoggerFactory.getLogger(ProxyHeader.class);

  private static final byte[] TEXT = "PROXY ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] BINARY = {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10};

  /** Behind the signature there are version and command, family, and the length of the rest. */
  private static final int BINARY_HEAD = 16;

  private static final int VERSION = 0x20;

  /** No proxy says more of a connection. */
  private static final int LONGEST_BINARY = 4096;

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

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (!in.isReadable()) {
      return;
    }
    boolean isText = begins(in, TEXT);
    boolean isBinary = begins(in, BINARY);
    if (!isText && !isBinary) {
      if (isTrusted) {
        refuse(ctx, in, "it is a trusted proxy and sends no PROXY header");
      } else {
        ctx.pipeline().remove(this);
      }
    } else if (in.readableBytes() >= (isText ? TEXT : BINARY).length) {
      if (!isTrusted) {
        refuse(ctx, in, "it sends a PROXY header and is none of --trusted-proxies");
      } else if (isText) {
        read(ctx);
      } else if (in.readableBytes() >= BINARY_HEAD) {
        readBinary(ctx, in);
      }
    }
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

  /** Netty's decoder would wait for the whole of a header before it looks at this. */
  private void readBinary(ChannelHandlerContext ctx, ByteBuf in) {
    int command = in.getUnsignedByte(in.readerIndex() + BINARY.length);
    int length = in.getUnsignedShort(in.readerIndex() + BINARY.length + 2);
    if ((command & 0xf0) != VERSION || length > LONGEST_BINARY) {
      refuse(ctx, in, "its PROXY header is of an unknown version, or too long");
    } else {
      read(ctx);
    }
  }

  /** Hands what has come to Netty's decoder. */
  private void read(ChannelHandlerContext ctx) {
    String decoder = ctx.name() + "-decoder";
    ctx.pipeline()
        .addAfter(ctx.name(), decoder, new HAProxyMessageDecoder(LONGEST_BINARY))
        .addAfter(decoder, null, new Decoded())
        .remove(this);
  }

  private void refuse(ChannelHandlerContext ctx, ByteBuf in, String why) {
    in.skipBytes(in.readableBytes());
    close(ctx, why);
  }

  private void close(ChannelHandlerContext ctx, String why) {
    // Anybody can send wrong headers; only of a trusted proxy do they mean a wrong setting.
    LOG.atLevel(isTrusted ? Level.WARN : Level.DEBUG)
        .log("A connection of {} is closed: {}", from.getHostAddress(), why);
    var unused = ctx.close();
  }

  /** Gets the header, and steps aside. After an error it stays, and nothing passes any more. */
  private final class Decoded extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      try {
        if (message instanceof HAProxyMessage header && ctx.channel().isActive()) {
          accept(ctx, header);
        }
      } finally {
        ReferenceCountUtil.release(message);
      }
    }

    private void accept(ChannelHandlerContext ctx, HAProxyMessage header) {
      HAProxyProxiedProtocol protocol = header.proxiedProtocol();
      if (header.command() == HAProxyCommand.LOCAL) {
        ctx.pipeline().remove(this);
      } else if (protocol != HAProxyProxiedProtocol.TCP4
          && protocol != HAProxyProxiedProtocol.TCP6) {
        close(ctx, "its PROXY header names no client of TCP4 or TCP6");
      } else {
        InetAddress client = NetUtil.createInetAddressFromIpAddressString(header.sourceAddress());
        if (isUsable(client)) {
          named.accept(client);
          if (ctx.channel().isActive()) { // that client may have too many connections
            ctx.pipeline().remove(this);
          }
        } else {
          close(ctx, "its PROXY header names %s as the client".formatted(client.getHostAddress()));
        }
      }
    }

    private boolean isUsable(InetAddress client) {
      // The loopback addresses of another machine are not those of this one.
      boolean isElsewhere = client.isLoopbackAddress() && !from.isLoopbackAddress();
      return !isElsewhere
          && !client.isAnyLocalAddress()
          && !client.isMulticastAddress()
          && !(client instanceof Inet4Address && client.getAddress()[0] == 0);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (cause instanceof HAProxyProtocolException) {
        // Its message quotes the header, which may be any bytes.
        close(ctx, "its PROXY header names no client of TCP4 or TCP6, or has no end");
      } else {
        ctx.fireExceptionCaught(cause);
      }
    }
  }
}
