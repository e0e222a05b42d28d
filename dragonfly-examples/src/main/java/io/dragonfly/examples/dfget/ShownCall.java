package io.dragonfly.examples.dfget;

import io.dragonfly.examples.command.Call;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** A call that gets its progress as on a terminal, also where there is none. */
final class ShownCall implements Call {
  private static final OptionalInt USUAL = OptionalInt.of(80);

  private final Call call;

  ShownCall(Call call) {
    this.call = call;
  }

  @Override
  public OptionalInt columns() {
    OptionalInt columns = call.columns();
    return columns.isPresent() ? columns : USUAL;
  }

  @Override
  public List<String> arguments() {
    return call.arguments();
  }

  @Override
  public Path directory() {
    return call.directory();
  }

  @Override
  public Map<String, String> environment() {
    return call.environment();
  }

  @Override
  public OptionalInt umask() {
    return call.umask();
  }

  @Override
  public OutputStream out() {
    return call.out();
  }

  @Override
  public OutputStream err() {
    return call.err();
  }

  @Override
  public InputStream open(String file) throws IOException {
    return call.open(file);
  }

  @Override
  public void onGone(Runnable action) {
    call.onGone(action);
  }
}
