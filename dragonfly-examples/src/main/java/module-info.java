/** The commands, and one small program per question. */
module io.dragonfly.examples {
  requires static transitive org.jspecify;
  requires io.dragonfly.core;
  requires io.dragonfly.scheduler;
  requires io.dragonfly.transport.http;
  requires info.picocli;

  exports io.dragonfly.examples;
}
