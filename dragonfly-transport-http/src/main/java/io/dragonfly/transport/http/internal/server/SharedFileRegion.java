package io.dragonfly.transport.http.internal.server;

import io.netty.channel.DefaultFileRegion;
import java.nio.channels.FileChannel;

/**
 * A region of a file that others read too: Netty's own would close the file when it is sent. It
 * must stay a {@link DefaultFileRegion}, because epoll uses sendfile for that class only.
 */
final class SharedFileRegion extends DefaultFileRegion {
  SharedFileRegion(FileChannel file, long position, long count) {
    super(file, position, count);
  }

  @Override
  protected void deallocate() {
    // The piece region closes what there is to close.
  }
}
