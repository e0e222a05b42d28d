/** The commands, and one small program per question. */
module io.dragonfly.examples {
  requires static com.google.errorprone.annotations;
  requires static transitive org.jspecify;
  requires ch.qos.logback.classic;
  requires ch.qos.logback.core;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.yaml;
  requires com.google.common;
  requires info.picocli;
  requires io.dragonfly.core;
  requires io.dragonfly.scheduler;
  requires io.dragonfly.transport.http;
  requires jdk.httpserver;
  requires jdk.unsupported;
  requires micrometer.core;
  requires micrometer.registry.prometheus;
  requires org.slf4j;

  exports io.dragonfly.examples.quickstart;
  exports io.dragonfly.examples.soak;
  exports io.dragonfly.examples.supernode;

  // picocli sets the fields of options.
  opens io.dragonfly.examples.command to
      info.picocli;
  opens io.dragonfly.examples.dfdaemon to
      info.picocli;
  opens io.dragonfly.examples.dfget to
      info.picocli;
  opens io.dragonfly.examples.quickstart to
      info.picocli;
  opens io.dragonfly.examples.server to
      info.picocli;
  opens io.dragonfly.examples.simulate to
      info.picocli;
  opens io.dragonfly.examples.soak to
      info.picocli;
  opens io.dragonfly.examples.supernode to
      info.picocli;
}
