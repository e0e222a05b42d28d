package io.dragonfly.transport.http;

import io.dragonfly.spi.Transport;
import io.dragonfly.spi.TransportProvider;

/** Makes the transport that is called {@code http}, with its defaults. */
public final class HttpTransportProvider implements TransportProvider {
  /** Called by ServiceLoader. */
  public HttpTransportProvider() {}

  @Override
  public String name() {
    return "http";
  }

  @Override
  public Transport create() {
    return HttpTransport.builder().build();
  }
}
