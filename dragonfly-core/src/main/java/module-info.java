/** The distribution library without any socket: entry points, SPIs, engine, supernode, store. */
@SuppressWarnings("module") // of the qualified exports, whose modules are built after this one
module io.dragonfly.core {
  requires com.fasterxml.jackson.databind;
  requires com.google.common;
  requires io.github.bucket4j.core;
  requires org.slf4j;
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports io.dragonfly;
  exports io.dragonfly.control;
  exports io.dragonfly.error;
  exports io.dragonfly.fetch;
  exports io.dragonfly.home;
  exports io.dragonfly.internal.home to
      io.dragonfly.examples;
  exports io.dragonfly.internal.loop to
      io.dragonfly.transport.http;
  exports io.dragonfly.internal.queue to
      io.dragonfly.transport.http;
  exports io.dragonfly.peer;
  exports io.dragonfly.rate;
  exports io.dragonfly.spi;
  exports io.dragonfly.task;

  uses io.dragonfly.spi.RateLimiterProvider;
  uses io.dragonfly.spi.SchedulerProvider;
  uses io.dragonfly.spi.SourceProvider;
  uses io.dragonfly.spi.StorageProvider;
  uses io.dragonfly.spi.TransportProvider;

  provides io.dragonfly.spi.RateLimiterProvider with
      io.dragonfly.internal.rate.Bucket4jRateLimiterProvider;
  provides io.dragonfly.spi.StorageProvider with
      io.dragonfly.internal.storage.DiskStorageProvider;
}
