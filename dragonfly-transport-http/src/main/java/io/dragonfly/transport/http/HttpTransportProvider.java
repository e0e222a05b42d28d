package io.dragonfly.transport.http;

import io.dragonfly.spi.Transport;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.spi.TransportProvider;

/** Makes the transport that is called {@code http}, as the settings say. */
public final class HttpTransportProvider implements TransportProvider {
  /** Called by ServiceLoader. */
  public HttpTransportProvider() {}

  @Override
  public String name() {
    return "http";
  }

  @Override
  public Transport create(TransportConfig config) {
    return HttpTransport.builder().config(config).build();
  }
}
