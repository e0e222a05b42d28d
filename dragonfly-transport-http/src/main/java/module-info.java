/** The transport, the source and the container proxy over HTTP. */
module io.dragonfly.transport.http {
  requires static transitive org.jspecify;
  requires static com.google.errorprone.annotations;
  requires transitive io.dragonfly.core;
  requires com.fasterxml.jackson.databind;
  requires com.google.common;
  requires io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.codec.haproxy;
  requires io.netty.codec.http;
  requires io.netty.common;
  requires io.netty.handler;
  requires io.netty.transport;
  requires io.netty.transport.classes.epoll;
  requires io.netty.transport.unix.common;
  requires java.naming;
  requires okhttp3;
  requires okhttp3.tls;
  requires org.slf4j;
  requires static micrometer.core;

  exports io.dragonfly.transport.http;
  exports io.dragonfly.transport.http.metrics;
  exports io.dragonfly.transport.http.proxy;

  provides io.dragonfly.spi.SourceProvider with
      io.dragonfly.transport.http.internal.source.HttpSourceProvider;
  provides io.dragonfly.spi.TransportProvider with
      io.dragonfly.transport.http.HttpTransportProvider;
}
