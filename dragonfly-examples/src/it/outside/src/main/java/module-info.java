module outside {
  requires io.dragonfly.core;
  requires jdk.httpserver;
}
